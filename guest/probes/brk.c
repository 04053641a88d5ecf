#include "probe.h"
#include <linux/personality.h>
#include <linux/resource.h>

/* The first page boundary at or above the break, with `n` heap pages from there on: nothing of ours is below. */
static char *heap(long n)
{
	char *old = address(call(brk, NULL)), *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	if (address(call(brk, at + pages(n))) != at + pages(n))
		broken("a heap of %ld pages", n);
	return at;
}

/* What brk answered, in words: "asked", "old", an errno, or "other". */
static const char *answer(char *asked)
{
	char *old = address(call(brk, NULL)), *now = address(call(brk, asked));

	return failed(now) ? outcome(now) : now == asked ? "asked" : now == old ? "old" : "other";
}

static char *block(char *at, int flags)
{
	char *got = address(call(mmap, at, pages(1), RW, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

	if (got != at)
		broken("mmap beside the heap: %s", outcome(got));
	return got;
}

PROBE(brk__shrink_brk__unmaps)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	saw("brk", answer(at + pages(2)));
	saw("content", contents(at, 4));
	saw("unmapped", peek(at + pages(2)));
	saw("again", answer(at + pages(4)));
	saw("content_again", contents(at, 4));
}

PROBE(brk__shrink_brk__inside_a_page)
{
	char *at = heap(2);

	fill(at, 2, 'h');
	saw("brk", answer(at + pages(1) + 100));
	saw("content", contents(at, 2));
	saw("down_to_the_page", answer(at + pages(1)));
	saw("content_after", contents(at, 2));
}

PROBE(brk__shrink_brk__below_its_start)
{
	char *start = address(call(brk, NULL)), *at = heap(2);

	fill(at, 2, 'h');
	saw("below", answer(start - 1));
	saw("page_below", answer(start - pages(1)));
	saw("one", answer((char *)1));
	saw("start", answer(start));
	saw("content", contents(at, 2));
}

PROBE(brk__shrink_brk__zero_asks)
{
	char *at = heap(2);

	saw("brk", yes(address(call(brk, NULL)) == at + pages(2)));
	saw("size", contents(at, 2));
}

PROBE(brk__shrink_brk__over_a_hole)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	call(munmap, at + pages(1), pages(1));
	saw("to_above_hole", answer(at + pages(3)));
	saw("to_below_hole", answer(at + pages(1)));
	saw("to_start", answer(at));
	saw("content", contents(at, 4));
}

PROBE(brk__shrink_brk__hole_at_its_end)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	call(munmap, at + pages(3), pages(1));
	saw("brk", answer(at + pages(2)));
	saw("content", contents(at, 4));
}

/* From the new break to the old one nothing is mapped. */
PROBE(brk__shrink_brk__over_nothing_but_a_hole)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	call(munmap, at + pages(2), pages(2));
	saw("brk", answer(at + pages(2)));
	saw("further", answer(at + pages(1)));
	saw("content", contents(at, 4));
}

PROBE(brk__shrink_brk__behind_it_all_foreign)
{
	char *at = heap(4);

	call(munmap, at + pages(2), pages(2));
	block(at + pages(3), MAP_SHARED);
	saw("brk", answer(at + pages(2)));
	saw("foreign", protection(at + pages(3)));
}

PROBE(brk__shrink_brk__over_a_foreign_mapping)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	block(at + pages(2), MAP_SHARED);
	saw("brk", answer(at + pages(1)));
	saw("content", contents(at, 4));
	saw("foreign", protection(at + pages(2)));
}

PROBE(brk__shrink_brk__foreign_mapping_at_its_end)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	block(at + pages(3), MAP_SHARED);
	saw("brk", answer(at + pages(1)));
	saw("content", contents(at, 4));
}

PROBE(brk__shrink_brk__pieces_of_other_protection)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	call(mprotect, at + pages(2), pages(1), PROT_READ);
	saw("brk", answer(at + pages(1)));
	saw("content", contents(at, 4));
}

PROBE(brk__shrink_brk__last_piece_of_other_protection)
{
	char *at = heap(4);

	fill(at, 4, 'h');
	call(mprotect, at + pages(3), pages(1), PROT_READ);
	saw("brk", answer(at + pages(1)));
	saw("content", contents(at, 4));
}

PROBE(brk__shrink_brk__locked)
{
	char *at = heap(4);
	long kib;

	call(mlock, at, pages(4));
	kib = proc_number("/proc/self/status", "VmLck");
	saw("brk", answer(at + pages(1)));
	saw("vmlck_less", (kib - proc_number("/proc/self/status", "VmLck")) / (long)(page_size >> 10));
}

PROBE(brk__shrink_brk__child_has_its_own)
{
	char *at = heap(3);

	fill(at, 3, 'h');
	in_child {
		saw("child", answer(at + pages(1)));
		saw("child_content", contents(at, 3));
	}
	saw("parent", yes(address(call(brk, NULL)) == at + pages(3)));
	saw("parent_content", contents(at, 3));
}

PROBE(brk__shrink_brk__without_room_for_a_split)
{
	char *at = heap(4);

	use_up_mappings();
	saw("shrink", answer(at + pages(2)));
	saw("expand", answer(at + pages(6)));
	saw("content", contents(at, 4));
}
