/* mprotect: PROT_GROWSDOWN and PROT_GROWSUP. */
#include "probe.h"

static const char *protect(char *at, long n, int prot)
{
	return outcome(call(mprotect, at, pages(n), prot));
}

static char *growing(long n)
{
	return anon_with(n, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN);
}

static void see_third_of_four(int prot)
{
	char *at = growing(4);

	saw("mprotect", protect(at + pages(2), 1, prot));
	saw("first", protection(at));
	saw("named", protection(at + pages(2)));
	saw("behind", protection(at + pages(3)));
}

PROBE(mprotect__change_prot_down_to_mapping_start__growing_mapping)
{
	see_third_of_four(PROT_READ | PROT_GROWSDOWN);
}

PROBE(mprotect__change_prot_down_to_mapping_start__without_flag)
{
	see_third_of_four(PROT_READ);
}

PROBE(mprotect__change_prot_down_to_mapping_start__after_growth)
{
	char *at = growing(2);

	poke(at - pages(3), 'w');
	saw("mprotect", protect(at + pages(1), 1, PROT_READ | PROT_GROWSDOWN));
	saw("lowest", protection(at - pages(3)));
}

PROBE(mprotect__change_prot_down_to_mapping_start__grown_later)
{
	char *at = growing(2);

	saw("mprotect", protect(at, 1, PROT_READ | PROT_GROWSDOWN));
	saw("below", peek(at - pages(1)));
	saw("protection", protection(at - pages(1)));
}

static void see_refused_everywhere(int prot)
{
	char *at = anon(2, 'k');

	saw("private", protect(at + pages(1), 1, prot));
	saw("shared", protect(shared_anon(2, 'k'), 1, prot));
	saw("file", protect(mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED), 1, prot));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_down_to_mapping_start__plain_mapping)
{
	see_refused_everywhere(PROT_READ | PROT_GROWSDOWN);
}

/* The page of the stack that the caller's own frame is in, with the protection that it has anyway. */
static const char *protect_stack(int flag)
{
	char here = 0;
	char *page = &here - (uintptr_t)&here % page_size;

	return outcome(call(mprotect, page, pages(1), RW | flag));
}

PROBE(mprotect__change_prot_down_to_mapping_start__stack)
{
	saw("mprotect", protect_stack(PROT_GROWSDOWN));
}

PROBE(mprotect__change_prot_down_to_mapping_start__unmapped)
{
	saw("mprotect", protect(space(2), 1, PROT_READ | PROT_GROWSDOWN));
}

PROBE(mprotect__change_prot_down_to_mapping_start__below_mapping)
{
	char *at = growing(2);

	saw("mprotect", protect(at - pages(1), 2, PROT_READ | PROT_GROWSDOWN));
	saw("first", protection(at));
}

PROBE(mprotect__change_prot_down_to_mapping_start__two_mappings)
{
	char *below = anon(2, 'k'), *at = below + pages(2);

	call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	saw("mprotect", protect(at + pages(1), 1, PROT_READ | PROT_GROWSDOWN));
	saw("growing", protection(at));
	saw("below", protection(below + pages(1)));
}

PROBE(mprotect__change_prot_down_to_mapping_start__split_by_protection)
{
	char *at = growing(4);

	protect(at + pages(2), 2, PROT_NONE);
	saw("mprotect", protect(at + pages(3), 1, PROT_READ | PROT_GROWSDOWN));
	saw("lower", protection(at));
	saw("upper", protection(at + pages(2)));
}

PROBE(mprotect__change_prot_down_to_mapping_start__with_growsup)
{
	saw("mprotect", protect(growing(2), 1, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
}

PROBE(mprotect__change_prot_down_to_mapping_start__sealed)
{
	char *at = growing(4);

	saw("mseal", outcome(call(mseal, at, pages(4), 0)));
	saw("mprotect", protect(at + pages(2), 1, PROT_READ | PROT_GROWSDOWN));
	saw("first", protection(at));
}

PROBE(mprotect__change_prot_up_to_mapping_end__stack)
{
	saw("mprotect", protect_stack(PROT_GROWSUP));
}

PROBE(mprotect__change_prot_up_to_mapping_end__plain_mapping)
{
	see_refused_everywhere(PROT_READ | PROT_GROWSUP);
}

PROBE(mprotect__change_prot_up_to_mapping_end__growsdown_mapping)
{
	char *at = growing(4);

	saw("mprotect", protect(at + pages(1), 1, PROT_READ | PROT_GROWSUP));
	saw("protection", protection(at + pages(1)));
}

PROBE(mprotect__change_prot_up_to_mapping_end__unmapped)
{
	saw("mprotect", protect(space(2), 1, PROT_READ | PROT_GROWSUP));
}
