/* Page tables of private memory: when they are made, and when they are given back. */
#include "probe.h"

enum { RANGES = 4, FRESH = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED };

/* What one lowest page table maps: a page of entries of eight bytes each. */
static size_t range_size(void)
{
	return page_size / 8 * page_size;
}

static long tables(void)
{
	return proc_number("/proc/self/status", "VmPTE") / (long)(page_size >> 10);
}

/* Whole ranges, aligned, a page of each written to; and how many tables there were before. */
static char *touched(long *before)
{
	size_t whole = range_size();
	char *place = space((long)((RANGES + 1) * (whole / page_size)));
	char *at = (char *)(((uintptr_t)place + whole - 1) / whole * whole);

	if (failed(call(mmap, at, RANGES * whole, RW, FRESH, -1, 0)))
		broken("mmap of %zu bytes", RANGES * whole);
	call(madvise, at, RANGES * whole, 15 /* MADV_NOHUGEPAGE */);
	*before = tables();
	for (int i = 0; i < RANGES; i++)
		poke(at + (size_t)i * whole, 'p');
	return at;
}

/* How many of the tables of the ranges there are still. */
static const char *left(long before, long made)
{
	long now = tables() - before - (made - RANGES);

	return now == RANGES ? "all" : now <= 0 ? "none" : textf("%ld", now);
}

static void give_back(long advice)
{
	long before, made;
	char *at = touched(&before);

	made = tables() - before;
	saw("made", made >= RANGES ? "one each" : "fewer");
	saw("advice", outcome(call(madvise, at, RANGES * range_size(), advice)));
	saw("left", left(before, made));
	saw("content", peek(at));
}

PROBE(page_tables__give_back__dontneed)
{
	give_back(4);
}

PROBE(page_tables__give_back__free)
{
	give_back(8);
}

PROBE(page_tables__give_back__pageout)
{
	give_back(21);
}

PROBE(page_tables__give_back__part)
{
	long before, made;
	char *at = touched(&before);

	made = tables() - before;
	saw("advice", outcome(call(madvise, at, range_size() - page_size, 4)));
	saw("left", left(before, made));
	saw("rest", outcome(call(madvise, at + range_size() - page_size, page_size, 4)));
	saw("left_then", left(before, made));
}

PROBE(page_tables__give_back__unmap)
{
	long before, made;
	char *at = touched(&before);

	made = tables() - before;
	saw("middle", outcome(call(munmap, at + range_size(), 2 * range_size())));
	saw("left", left(before, made));
	saw("rest", outcome(call(munmap, at, RANGES * range_size())));
	saw("left_then", left(before, made));
}

PROBE(page_tables__give_back__remap)
{
	long before, made;
	char *at = touched(&before);

	made = tables() - before;
	saw("over", outcome(call(mmap, at, RANGES * range_size(), RW, FRESH, -1, 0)));
	saw("left", left(before, made));
}
