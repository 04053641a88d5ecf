#include "probe.h"
#include <linux/capability.h>
#include <linux/personality.h>
#include <linux/resource.h>

static char *heap(long n)
{
	char *old = address(call(brk, NULL)), *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	if (address(call(brk, at + pages(n))) != at + pages(n))
		broken("a heap of %ld pages", n);
	return at;
}

static const char *answer(char *asked)
{
	char *old = address(call(brk, NULL)), *now = address(call(brk, asked));

	return failed(now) ? outcome(now) : now == asked ? "asked" : now == old ? "old" : "other";
}

static void block(char *at, int flags)
{
	char *got = address(call(mmap, at, pages(1), RW, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

	if (got != at)
		broken("mmap beside the heap: %s", outcome(got));
}

PROBE(brk__expand_brk__zeroes)
{
	char *at = heap(1);

	saw("brk", answer(at + pages(3)));
	saw("populated", populated(at + pages(1), 2));
	saw("content", contents(at, 3));
	saw("protection", protection(at));
	saw("name", mapping_name(at));
	saw("write", poke_pages(at, 3, 'w'));
	saw("beyond", peek(at + pages(3)));
}

PROBE(brk__expand_brk__inside_a_page)
{
	char *at = heap(1);

	saw("brk", answer(at + pages(1) + 1));
	saw("write", poke(at + pages(2) - 1, 'w'));
	saw("within", answer(at + pages(1) + 2));
	saw("beyond", peek(at + pages(2)));
}

PROBE(brk__expand_brk__mapping_in_the_way)
{
	char *at = heap(1);

	block(at + pages(4), MAP_SHARED);
	poke(at + pages(4), 'm');
	saw("into_it", answer(at + pages(5)));
	saw("over_it", answer(at + pages(9)));
	saw("mapping", peek(at + pages(4)));
	saw("up_to_it", answer(at + pages(4)));
	saw("a_page_before_it", answer(at + pages(3)));
	saw("content", contents(at, 5));
}

PROBE(brk__expand_brk__prot_none_in_the_way)
{
	char *at = heap(1);

	block(at + pages(4), MAP_PRIVATE);
	call(mprotect, at + pages(4), pages(1), PROT_NONE);
	saw("into_it", answer(at + pages(5)));
	saw("up_to_it", answer(at + pages(4)));
	saw("a_page_before_it", answer(at + pages(3)));
}

PROBE(brk__expand_brk__stack_guard_gap_in_the_way)
{
	char *at = heap(1);

	block(at + pages(300), MAP_PRIVATE | MAP_GROWSDOWN);
	saw("into_the_gap", answer(at + pages(100)));
	saw("just_into_the_gap", answer(at + pages(44)));
	saw("before_the_gap", answer(at + pages(43)));
}

PROBE(brk__expand_brk__limit_of_data)
{
	char *at = heap(1);

	set_limit(RLIMIT_DATA, pages(1));
	saw("over", answer(at + pages(64)));
	saw("shrink", answer(at));
	become_user();
	saw("as_user", answer(at + pages(64)));
}

PROBE(brk__expand_brk__limit_of_address_space)
{
	char *at = heap(1);

	set_limit(RLIMIT_AS, pages(1));
	saw("over", answer(at + pages(1) + 1));
	saw("within_the_page", answer(at + pages(1) - 8));
}

PROBE(brk__expand_brk__no_address)
{
	heap(1);
	saw("top", answer((char *)~0UL));
	saw("half", answer((char *)(~0UL >> 1)));
	saw("page_below_top", answer((char *)(~0UL - 2 * page_size + 1)));
}

PROBE(brk__expand_brk__more_than_there_is)
{
	char *at = heap(1);

	saw("terabyte", answer(at + (sizeof(long) == 8 ? (uint64_t)1 << 40 : (uint64_t)1 << 30)));
}

PROBE(brk__expand_brk__locked_heap_without_future)
{
	char *at = heap(2);

	call(mlock, at, pages(2));
	saw("brk", answer(at + pages(4)));
	saw("grown", vm_flag(at + pages(3), "lo"));
	saw("populated", populated(at + pages(2), 2));
}

PROBE(brk__expand_brk__future_over_the_limit)
{
	char *at = heap(1);

	call(mlockall, MCL_FUTURE);
	set_hard_limit(RLIMIT_MEMLOCK, pages(2));
	drop_capability(CAP_IPC_LOCK);
	saw("over", answer(at + pages(9)));
	saw("within", answer(at + pages(2)));
	saw("locked", vm_flag(at + pages(1), "lo"));
}

PROBE(brk__expand_brk__one_mapping)
{
	char *at = heap(2);

	saw("brk", answer(at + pages(4)));
	saw("as_one", yes(mapping_pages(at) == mapping_pages(at + pages(3)) && mapping_pages(at) >= 4));
	call(madvise, at, pages(4), MADV_DONTFORK);
	saw("behind_dontfork", answer(at + pages(6)));
	saw("inherits_dontfork", vm_flag(at + pages(5), "dc"));
	saw("pieces", mapping_pages(at + pages(5)));
}

PROBE(brk__expand_brk__behind_a_hole)
{
	char *at = heap(4);

	call(munmap, at + pages(2), pages(2));
	saw("brk", answer(at + pages(6)));
	saw("content", contents(at, 6));
}

PROBE(brk__expand_brk__read_implies_exec)
{
	char *at = heap(1);
	long before = call(personality, 0xffffffff);

	saw("personality", failed(call(personality, before | READ_IMPLIES_EXEC)) ? "refused" : "ok");
	saw("brk", answer(at + pages(3)));
	saw("protection", protection(at + pages(2)));
	saw("mmap", protection(anon_with(1, 0, PROT_READ, MAP_PRIVATE)));
}

/* What lies next to the heap, and what is carved out of it, is not the heap. */
PROBE(brk__expand_brk__name_of_neighbours)
{
	char *at = heap(3);

	saw("heap", mapping_name(at));
	block(at + pages(3), MAP_PRIVATE);
	call(mprotect, at + pages(3), pages(1), PROT_READ);
	saw("behind", mapping_name(at + pages(3)));
	block(at + pages(1), MAP_PRIVATE);
	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("inside", mapping_name(at + pages(1)));
	call(madvise, at, pages(1), MADV_DONTFORK);
	saw("piece", mapping_name(at));
}

PROBE(brk__expand_brk__child_has_its_own)
{
	char *at = heap(1);

	fill(at, 1, 'h');
	in_child {
		saw("child", answer(at + pages(3)));
		saw("child_content", contents(at, 3));
	}
	saw("parent_beyond", peek(at + pages(1)));
}

PROBE(brk__expand_brk__moved_by_mremap)
{
	char *at = heap(2), *to = space(2);

	fill(at, 2, 'h');
	call(mremap, at, pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to);
	saw("name_elsewhere", mapping_name(to));
	saw("brk", answer(at + pages(4)));
	saw("content", contents(at, 4));
}
