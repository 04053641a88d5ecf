#include "place.h"
#include "settle.h"

/* MADV_COLD: what was used counts as unused, and stays. */
static void cold(char *at)
{
	saw("before", smaps_pages(at, "Referenced"));
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_COLD)));
	saw("referenced", smaps_pages(at, "Referenced"));
	saw("populated", populated(at, 2));
	saw("after", contents(at, 2));
}

PROBE(madvise__mark_mapping_cold__anonymous)
{
	cold(anon(2, 'k'));
}

PROBE(madvise__mark_mapping_cold__shared_file)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED);

	fill(at, 2, 'k');
	cold(at);
}

PROBE(madvise__mark_mapping_cold__locked)
{
	char *at = anon(2, 'k');

	saw("mlock", outcome(call(mlock, at, pages(2))));
	cold(at);
}

PROBE(madvise__mark_mapping_cold__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_COLD)));
	saw("after", peek(at));
}

PROBE(madvise__mark_mapping_cold__kernels_own_mapping)
{
	char *at = mapping_named("[vvar]");

	if (!at)
		broken("no [vvar]");
	saw("cold", outcome(call(madvise, at, pages(1), MADV_COLD)));
	saw("pageout", outcome(call(madvise, at, pages(1), MADV_PAGEOUT)));
}

PROBE(madvise__mark_mapping_cold__shared_with_a_child)
{
	char *at = anon(2, 'k');
	int pid = other_process();

	saw("before", smaps_pages(at, "Referenced"));
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_COLD)));
	saw("referenced", smaps_pages(at, "Referenced"));
	end_other(pid);
}

/* MADV_PAGEOUT */
static void pageout(char *at, long n)
{
	drain();
	saw("madvise", outcome(call(madvise, at, pages(n), MADV_PAGEOUT)));
}

PROBE(madvise__page_out__anonymous_without_swap)
{
	char *at = anon(2, 'k');

	pageout(at, 2);
	saw("populated", populated(at, 2));
	saw("after", contents(at, 2));
}

PROBE(madvise__page_out__anonymous)
{
	char *at = anon(4, 'k');

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pageout(at, 4);
	saw("swapped", swapped(at, 4));
	saw("after", contents(at, 4));
}

PROBE(madvise__page_out__part_of_a_mapping)
{
	char *at = anon(4, 'k');

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pageout(at + pages(1), 2);
	saw("first", swapped(at, 1));
	saw("middle", swapped(at + pages(1), 2));
	saw("last", swapped(at + pages(3), 1));
	saw("in_smaps", smaps_pages(at, "Swap"));
}

PROBE(madvise__page_out__shared_with_a_child)
{
	char *at = anon(2, 'k');
	int pid;

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pid = other_process();
	pageout(at, 2);
	saw("swapped", swapped(at, 2));
	end_other(pid);
}

PROBE(madvise__page_out__shared_anonymous)
{
	char *at = shared_anon(2, 'k');

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pageout(at, 2);
	saw("populated", populated(at, 2));
	saw("in_smaps", smaps_pages(at, "Swap"));
	saw("after", contents(at, 2));
}

PROBE(madvise__page_out__clean_file)
{
	char *at = mapped(ext4_file(8, 'a'), 8, PROT_READ, MAP_SHARED);

	contents(at, 8);
	pageout(at, 8);
	saw("cached", residency(at, 8));
	saw("after", contents(at, 8));
}

PROBE(madvise__page_out__one_page_of_a_file)
{
	char *at = mapped(ext4_file(8, 'a'), 8, PROT_READ, MAP_SHARED);

	drain();
	drop_caches();
	contents(at, 8);
	pageout(at, 1);
	saw("asked", residency(at, 1));
	saw("rest", residency(at + pages(1), 7));
}

PROBE(madvise__page_out__file_mapped_twice)
{
	int fd = ext4_file(2, 'a');
	char *at = mapped(fd, 2, PROT_READ, MAP_SHARED), *other = mapped(fd, 2, PROT_READ, MAP_SHARED);

	contents(at, 2);
	contents(other, 2);
	pageout(at, 2);
	saw("cached", residency(at, 2));
}

/* Who may not write to the file must not learn by the cache what others read; the parent looks, being root. */
PROBE(madvise__page_out__file_of_another)
{
	int fd = ext4_file(2, 'a');
	char *at;

	reopen(fd, O_RDONLY);
	at = mapped(fd, 2, PROT_READ, MAP_SHARED);
	in_child {
		contents(at, 2);
		become_user();
		pageout(at, 2);
	}
	saw("cached", residency(at, 2));
}

PROBE(madvise__page_out__written_private_pages_of_anothers_file)
{
	int fd = ext4_file(2, 'a');
	char *at;

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	reopen(fd, O_RDONLY);
	at = mapped(fd, 2, RW, MAP_PRIVATE);
	fill(at, 2, 'k');
	become_user();
	pageout(at, 2);
	saw("swapped", smaps_pages(at, "Swap"));
	saw("after", contents(at, 2));
}

PROBE(madvise__page_out__locked)
{
	char *at = anon(2, 'k');

	saw("mlock", outcome(call(mlock, at, pages(2))));
	pageout(at, 2);
	saw("populated", populated(at, 2));
}

PROBE(madvise__page_out__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_PAGEOUT)));
	saw("after", peek(at));
}

PROBE(madvise__page_out__willneed_brings_back)
{
	char *at = anon(4, 'k');

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pageout(at, 4);
	saw("swapped", swapped(at, 4));
	saw("willneed", outcome(call(madvise, at, pages(4), MADV_WILLNEED)));
	saw("populated", populated(at, 4));
	saw("after", contents(at, 4));
}
