#include "settle.h"

/* Page `page` is touched through a mapping with this advice: which of the file's pages are then in the page cache? */
static void read_with_advice(int advice, long page)
{
	int fd = ext4_file(64, 'a');
	char *at = mapped(fd, 64, PROT_READ, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(64), advice)));
	drain();
	drop_caches();
	saw("before", residency(at, 64));
	saw("read", peek(at + pages(page)));
	saw("this", residency(at + pages(page), 1));
	saw("next", residency(at + pages(page + 1), 1));
	saw("previous", residency(at + pages(page - 1), 1));
}

PROBE(madvise__mark_mapping_normal_random_sequential__normal_reads_around)
{
	read_with_advice(MADV_NORMAL, 20);
}

PROBE(madvise__mark_mapping_normal_random_sequential__random_reads_one_page)
{
	read_with_advice(MADV_RANDOM, 20);
}

PROBE(madvise__mark_mapping_normal_random_sequential__sequential_reads_ahead)
{
	read_with_advice(MADV_SEQUENTIAL, 20);
}

static void flags_after(int advice)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED);

	call(madvise, at, pages(2), MADV_RANDOM);
	saw("madvise", outcome(call(madvise, at, pages(2), advice)));
	saw("random", vm_flag(at, "rr"));
	saw("sequential", vm_flag(at, "sr"));
}

PROBE(madvise__mark_mapping_normal_random_sequential__normal_clears_the_others)
{
	flags_after(MADV_NORMAL);
}

PROBE(madvise__mark_mapping_normal_random_sequential__sequential_replaces_random)
{
	flags_after(MADV_SEQUENTIAL);
}

PROBE(madvise__mark_mapping_normal_random_sequential__random_stays)
{
	flags_after(MADV_RANDOM);
}

PROBE(madvise__mark_mapping_normal_random_sequential__part_splits_and_rejoins)
{
	char *at = anon(3, 'k');

	saw("random", outcome(call(madvise, at + pages(1), pages(1), MADV_RANDOM)));
	saw("split", mapping_pages(at));
	saw("normal", outcome(call(madvise, at + pages(1), pages(1), MADV_NORMAL)));
	saw("joined", mapping_pages(at));
}

PROBE(madvise__mark_mapping_normal_random_sequential__child_keeps_it)
{
	char *at = anon(1, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_RANDOM)));
	in_child
		saw("child", vm_flag(at, "rr"));
}

/* The limit must leave the guest's other processes alone, so we go up to it ourselves. */
PROBE(madvise__mark_mapping_normal_random_sequential__too_many_mappings)
{
	char *at = anon(3, 'k'), *many = space(256);
	long made = 0;

	set_knob("/proc/sys/vm/max_map_count", "128");
	for (int i = 0; i < 128 && !failed(made); i++)
		made = call(
			mmap, many + pages(2 * i), pages(1), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("mmap", outcome(made));
	saw("madvise", outcome(call(madvise, at + pages(1), pages(1), MADV_RANDOM)));
	saw("mapping", mapping_pages(at));
}

/* The last page is read through another mapping: that waits for the read of the whole range, and asks for no other. */
PROBE(madvise__swap_in_or_read_from_page_cache__file_is_read)
{
	int fd = ext4_file(8, 'a');
	char *at = mapped(fd, 8, PROT_READ, MAP_SHARED), *other = mapped(fd, 8, PROT_READ, MAP_SHARED);

	call(madvise, other, pages(8), MADV_RANDOM);
	drain();
	drop_caches();
	saw("before", residency(at, 8));
	saw("madvise", outcome(call(madvise, at, pages(8), MADV_WILLNEED)));
	peek(other + pages(7));
	saw("cached", residency(at, 8));
	saw("populated", populated(at, 8));
}

PROBE(madvise__swap_in_or_read_from_page_cache__part_of_a_file)
{
	int fd = ext4_file(8, 'a');
	char *at = mapped(fd, 8, PROT_READ, MAP_SHARED), *other = mapped(fd, 8, PROT_READ, MAP_SHARED);

	call(madvise, other, pages(8), MADV_RANDOM);
	drain();
	drop_caches();
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_WILLNEED)));
	peek(other + pages(1));
	saw("asked", residency(at, 2));
	saw("behind", residency(at + pages(2), 6));
}

PROBE(madvise__swap_in_or_read_from_page_cache__anonymous)
{
	char *at = anon(2, 0);

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_WILLNEED)));
	saw("populated", populated(at, 2));
}

PROBE(madvise__swap_in_or_read_from_page_cache__tmpfs_hole)
{
	char *at = mapped(scratch_file(2, 0), 2, RW, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_WILLNEED)));
	saw("cached", residency(at, 2));
}

PROBE(madvise__swap_in_or_read_from_page_cache__beyond_the_file)
{
	char *at = mapped(ext4_file(1, 'a'), 4, PROT_READ, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at + pages(2), pages(2), MADV_WILLNEED)));
	saw("cached", residency(at + pages(2), 2));
}

PROBE(madvise__swap_in_or_read_from_page_cache__dax)
{
	char *at = mapped(dax_file(2, 'd'), 2, PROT_READ, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_WILLNEED)));
	saw("populated", populated(at, 2));
}

PROBE(madvise__arguments__unaligned_address)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at + 1, pages(1), MADV_NORMAL)));
}

PROBE(madvise__arguments__length_is_rounded_up)
{
	char *at = anon(3, 'k');

	saw("madvise", outcome(call(madvise, at, page_size + 1, MADV_DONTNEED)));
	saw("after", contents(at, 3));
}

PROBE(madvise__arguments__length_zero)
{
	saw("mapped", outcome(call(madvise, anon(1, 'k'), 0, MADV_DONTNEED)));
	saw("unmapped", outcome(call(madvise, space(1), 0, MADV_DONTNEED)));
	saw("unassigned_advice", outcome(call(madvise, anon(1, 'k'), 0, 99)));
	saw("unaligned", outcome(call(madvise, anon(1, 'k') + 1, 0, MADV_NORMAL)));
}

PROBE(madvise__arguments__length_wraps_round)
{
	saw("madvise", outcome(call(madvise, anon(1, 'k'), -pages(1), MADV_NORMAL)));
	saw("rounded_to_zero", outcome(call(madvise, anon(1, 'k'), -1L, MADV_NORMAL)));
}

PROBE(madvise__arguments__unmapped)
{
	saw("normal", outcome(call(madvise, space(2), pages(2), MADV_NORMAL)));
	saw("dontneed", outcome(call(madvise, space(2), pages(2), MADV_DONTNEED)));
	saw("willneed", outcome(call(madvise, space(2), pages(2), MADV_WILLNEED)));
}

PROBE(madvise__arguments__hole_rest_is_advised)
{
	char *at = anon(3, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("madvise", outcome(call(madvise, at, pages(3), MADV_DONTNEED)));
	saw("after", contents(at, 3));
}

PROBE(madvise__arguments__refusal_keeps_what_was_done)
{
	char *at = anon(3, 'k');

	call(mlock, at + pages(1), pages(1));
	saw("madvise", outcome(call(madvise, at, pages(3), MADV_DONTNEED)));
	saw("after", contents(at, 3));
}

PROBE(madvise__arguments__unassigned_advice)
{
	char *at = anon(1, 'k');

	saw("madv_5", outcome(call(madvise, at, pages(1), 5)));
	saw("madv_7", outcome(call(madvise, at, pages(1), 7)));
	saw("madv_6", outcome(call(madvise, at, pages(1), 6)));
	saw("madv_26", outcome(call(madvise, at, pages(1), 26)));
	saw("madv_27", outcome(call(madvise, at, pages(1), 27)));
	saw("madv_99", outcome(call(madvise, at, pages(1), 99)));
	saw("madv_104", outcome(call(madvise, at, pages(1), 104)));
	saw("madv_105", outcome(call(madvise, at, pages(1), 105)));
	saw("madv_minus_1", outcome(call(madvise, at, pages(1), -1)));
	saw("after", contents(at, 1));
}

PROBE(madvise__arguments__ordinary_user)
{
	char *at = anon(3, 'k');

	become_user();
	saw("dontneed", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
	saw("free", outcome(call(madvise, at, pages(1), MADV_FREE)));
	saw("pageout", outcome(call(madvise, at, pages(1), MADV_PAGEOUT)));
	saw("mergeable", outcome(call(madvise, at, pages(1), MADV_MERGEABLE)));
	saw("hwpoison", outcome(call(madvise, at, pages(1), MADV_HWPOISON)));
	saw("soft_offline", outcome(call(madvise, at, pages(1), MADV_SOFT_OFFLINE)));
}
