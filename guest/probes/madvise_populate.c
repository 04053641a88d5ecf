#include <linux/fs.h>
#include "place.h"
#include "settle.h"

static void populate(char *at, long n, int advice)
{
	saw("madvise", outcome(call(madvise, at, pages(n), advice)));
	saw("populated", populated(at, n));
}

PROBE(madvise__populate_read__anonymous_gets_the_zero_page)
{
	char *at = anon(4, 0);

	populate(at, 4, MADV_POPULATE_READ);
	saw("rss", smaps_pages(at, "Rss"));
	saw("after", contents(at, 4));
}

PROBE(madvise__populate_read__shared_anonymous)
{
	char *at = shared_anon(2, 0);

	populate(at, 2, MADV_POPULATE_READ);
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(madvise__populate_read__file_is_read)
{
	char *at = mapped(ext4_file(4, 'a'), 4, PROT_READ, MAP_SHARED);

	drain();
	drop_caches();
	saw("before", residency(at, 4));
	populate(at, 4, MADV_POPULATE_READ);
	saw("cached", residency(at, 4));
}

PROBE(madvise__populate_read__beyond_the_file)
{
	char *at = mapped(scratch_file(1, 'a'), 2, PROT_READ, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_POPULATE_READ)));
	saw("inside", populated(at, 1));
	saw("touch", peek(at + pages(1)));
}

PROBE(madvise__populate_read__no_access)
{
	char *at = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);

	populate(at, 2, MADV_POPULATE_READ);
}

PROBE(madvise__populate_read__write_only_mapping)
{
	char *at = anon_with(1, 0, PROT_WRITE, MAP_PRIVATE);

	populate(at, 1, MADV_POPULATE_READ);
}

static void over_a_hole(int advice)
{
	char *at = anon(3, 0);

	call(munmap, at + pages(1), pages(1));
	saw("madvise", outcome(call(madvise, at, pages(3), advice)));
	saw("before_the_hole", populated(at, 1));
	saw("behind_the_hole", populated(at + pages(2), 1));
}

PROBE(madvise__populate_read__hole)
{
	over_a_hole(MADV_POPULATE_READ);
}

PROBE(madvise__populate_read__kernels_own_mapping)
{
	char *at = mapping_named("[vvar]");

	if (!at)
		broken("no [vvar]");
	saw("read", outcome(call(madvise, at, pages(1), MADV_POPULATE_READ)));
	saw("write", outcome(call(madvise, at, pages(1), MADV_POPULATE_WRITE)));
}

PROBE(madvise__populate_read__secret_memory)
{
	int fd = (int)call(memfd_secret, 0);
	char *at;

	saw("memfd_secret", outcome(fd));
	if (failed(fd))
		return;
	call(ftruncate, fd, (long long)pages(1));
	at = mapped(fd, 1, RW, MAP_SHARED);
	saw("read", outcome(call(madvise, at, pages(1), MADV_POPULATE_READ)));
	saw("write", outcome(call(madvise, at, pages(1), MADV_POPULATE_WRITE)));
	saw("touch", poke(at, 'w'));
}

PROBE(madvise__populate_read__hugetlb)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_POPULATE_READ)));
	saw("resident", residency(at, 1));
}

PROBE(madvise__populate_read__dax)
{
	char *at = mapped(dax_file(2, 'd'), 2, PROT_READ, MAP_SHARED);

	populate(at, 2, MADV_POPULATE_READ);
}

PROBE(madvise__populate_read__unaligned_and_empty)
{
	char *at = anon(2, 0);

	saw("unaligned", outcome(call(madvise, at + 1, pages(1), MADV_POPULATE_READ)));
	saw("empty", outcome(call(madvise, at, 0, MADV_POPULATE_READ)));
	saw("unmapped", outcome(call(madvise, space(1), pages(1), MADV_POPULATE_READ)));
}

PROBE(madvise__populate_write__anonymous)
{
	char *at = anon(4, 0);

	populate(at, 4, MADV_POPULATE_WRITE);
	saw("rss", smaps_pages(at, "Rss"));
	saw("dirty", smaps_pages(at, "Private_Dirty"));
}

PROBE(madvise__populate_write__keeps_what_is_there)
{
	char *at = anon(3, 0);

	poke(at + pages(1), 'k');
	populate(at, 3, MADV_POPULATE_WRITE);
	saw("after", contents(at, 3));
}

PROBE(madvise__populate_write__copies_a_private_file)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_PRIVATE);

	contents(at, 2);
	saw("before", smaps_pages(at, "Anonymous"));
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_POPULATE_WRITE)));
	saw("copied", smaps_pages(at, "Anonymous"));
	saw("after", contents(at, 2));
}

PROBE(madvise__populate_write__fills_holes_of_a_file)
{
	int fd = ext4_file(4, 0);
	char *at = mapped(fd, 4, RW, MAP_SHARED);

	saw("before", outcome(call(lseek, fd, 0, SEEK_DATA)));
	populate(at, 4, MADV_POPULATE_WRITE);
	saw("data", outcome(call(lseek, fd, 0, SEEK_DATA)));
}

PROBE(madvise__populate_write__read_only_mapping)
{
	char *at = anon_with(2, 0, PROT_READ, MAP_PRIVATE);

	populate(at, 2, MADV_POPULATE_WRITE);
}

PROBE(madvise__populate_write__beyond_the_file)
{
	char *at = mapped(scratch_file(1, 'a'), 2, RW, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_POPULATE_WRITE)));
	saw("inside", populated(at, 1));
}

PROBE(madvise__populate_write__hole)
{
	over_a_hole(MADV_POPULATE_WRITE);
}

PROBE(madvise__populate_write__breaks_copy_on_write)
{
	char *at = anon(2, 'k');
	int pid = other_process();

	saw("shared", smaps_pages(at, "Shared_Dirty"));
	populate(at, 2, MADV_POPULATE_WRITE);
	saw("private", smaps_pages(at, "Private_Dirty"));
	saw("after", contents(at, 2));
	end_other(pid);
}

PROBE(madvise__populate_write__hugetlb_exhausted)
{
	long n = 1 + proc_number("/proc/meminfo", "HugePages_Total");
	char *at = address(call(mmap, space(1), (size_t)n * huge_size(), RW,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0));

	saw("mmap", outcome(at));
	if (!failed(at))
		saw("madvise", outcome(call(madvise, at, (size_t)n * huge_size(), MADV_POPULATE_WRITE)));
}

PROBE(madvise__populate_write__dax)
{
	char *at = mapped(dax_file(2, 0), 2, RW, MAP_SHARED);

	populate(at, 2, MADV_POPULATE_WRITE);
	saw("after", contents(at, 2));
}

PROBE(madvise__populate_write__swapped_out)
{
	char *at = anon(4, 'k');

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	drain();
	call(madvise, at, pages(4), MADV_PAGEOUT);
	saw("before", swapped(at, 4));
	populate(at, 4, MADV_POPULATE_WRITE);
	saw("after", contents(at, 4));
}

PROBE(madvise__populate_write__droppable)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (!failed(at))
		populate(at, 2, MADV_POPULATE_WRITE);
}
