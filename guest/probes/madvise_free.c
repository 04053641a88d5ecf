#include "place.h"
#include "settle.h"

/* MADV_PAGEOUT reclaims what may be freed at once, so that nothing depends on pressure. */
static void reclaim(char *at, long n)
{
	drain();
	call(madvise, at, pages(n), MADV_PAGEOUT);
}

PROBE(madvise__mark_mapping_freeable__freed_under_pressure)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	reclaim(at, 2);
	saw("populated", populated(at, 2));
	saw("after", contents(at, 2));
}

PROBE(madvise__mark_mapping_freeable__kept_without_pressure)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("populated", populated(at, 2));
	saw("after", contents(at, 2));
}

PROBE(madvise__mark_mapping_freeable__write_takes_it_back)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("write", poke(at, 'w'));
	reclaim(at, 2);
	saw("after", contents(at, 2));
}

PROBE(madvise__mark_mapping_freeable__read_does_not)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("read", peek(at));
	reclaim(at, 2);
	saw("after", contents(at, 2));
}

PROBE(madvise__mark_mapping_freeable__counted_in_smaps)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	drain();
	saw("lazy_free", smaps_pages(at, "LazyFree"));
	saw("dirty", smaps_pages(at, "Private_Dirty"));
	poke(at, 'w');
	saw("written", smaps_pages(at, "LazyFree"));
}

PROBE(madvise__mark_mapping_freeable__shared_anonymous)
{
	char *at = shared_anon(1, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
	saw("after", contents(at, 1));
}

PROBE(madvise__mark_mapping_freeable__private_file)
{
	char *at = mapped(scratch_file(1, 'a'), 1, RW, MAP_PRIVATE);

	fill(at, 1, 'k');
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
	saw("after", contents(at, 1));
}

PROBE(madvise__mark_mapping_freeable__shared_file)
{
	char *at = mapped(scratch_file(1, 'a'), 1, RW, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
	saw("after", contents(at, 1));
}

PROBE(madvise__mark_mapping_freeable__locked)
{
	char *at = anon(1, 'k');

	saw("mlock", outcome(call(mlock, at, pages(1))));
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
	reclaim(at, 1);
	saw("after", contents(at, 1));
}

PROBE(madvise__mark_mapping_freeable__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_FREE)));
	saw("after", peek(at));
}

/* A page that the child maps as well is not the parent's alone to free. */
PROBE(madvise__mark_mapping_freeable__shared_with_a_child)
{
	char *at = anon(1, 'k');

	in_child {
		saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
		reclaim(at, 1);
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

PROBE(madvise__mark_mapping_freeable__swapped_out_is_dropped)
{
	char *at = anon(2, 'k');
	const char *area = swap_file(64);

	saw("swapon", outcome(call(swapon, area, 0)));
	reclaim(at, 2);
	saw("before", swapped(at, 2));
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("swapped", swapped(at, 2));
	saw("after", contents(at, 2));
}
