/* mmap: MAP_POPULATE. */
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static char *populated_map(int prot, int flags, int fd)
{
	char *at = address(call(mmap, space(4), pages(4), prot, flags | MAP_POPULATE, fd, 0));

	saw("mmap", outcome(at));
	return at;
}

PROBE(mmap__populate_when_mmap__anonymous)
{
	saw("populated", populated(populated_map(RW, ANONYMOUS, -1), 4));
}

PROBE(mmap__populate_when_mmap__without_flag)
{
	saw("private", populated(anon(4, 0), 4));
	saw("shared", populated(shared_anon(4, 0), 4));
	saw("file", populated(mapped(scratch_file(4, 'a'), 4, RW, MAP_SHARED), 4));
}

PROBE(mmap__populate_when_mmap__shared_anonymous)
{
	saw("populated", populated(populated_map(RW, MAP_SHARED | MAP_ANONYMOUS, -1), 4));
}

PROBE(mmap__populate_when_mmap__file_shared)
{
	saw("populated", populated(populated_map(RW, MAP_SHARED, scratch_file(4, 'a')), 4));
}

PROBE(mmap__populate_when_mmap__file_private)
{
	saw("populated", populated(populated_map(PROT_READ, MAP_PRIVATE, scratch_file(4, 'a')), 4));
}

PROBE(mmap__populate_when_mmap__file_private_copies)
{
	int fd = scratch_file(4, 'a');
	char *writable = anon_with(4, 0, RW, MAP_PRIVATE), *read_only = space(4);

	writable = address(call(mmap, writable, pages(4), RW, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, 0));
	read_only = address(call(mmap, read_only, pages(4), PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0));
	saw("writable", smaps_pages(writable, "Anonymous"));
	saw("read_only", smaps_pages(read_only, "Anonymous"));
}

PROBE(mmap__populate_when_mmap__file_not_cached)
{
	int fd = ext4_file(4, 'a');
	char *cold = mapped(fd, 4, PROT_READ, MAP_SHARED), *at;

	drop_caches();
	saw("before", residency(cold, 4));
	at = address(call(mmap, space(4), pages(4), PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0));
	saw("after", residency(cold, 4));
	saw("populated", populated(at, 4));
	saw("content", contents(at, 4));
}

PROBE(mmap__populate_when_mmap__hole_of_file)
{
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED | MAP_POPULATE, scratch_file(4, 0), 0));

	saw("populated", populated(at, 4));
	saw("content", contents(at, 4));
}

PROBE(mmap__populate_when_mmap__read_only_anonymous)
{
	char *at = address(call(mmap, space(4), pages(4), PROT_READ, ANONYMOUS | MAP_POPULATE, -1, 0));

	saw("populated", populated(at, 4));
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(mmap__populate_when_mmap__prot_none)
{
	saw("populated", populated(populated_map(PROT_NONE, ANONYMOUS, -1), 4));
}

PROBE(mmap__populate_when_mmap__prot_write_only)
{
	saw("populated", populated(populated_map(PROT_WRITE, ANONYMOUS, -1), 4));
}

PROBE(mmap__populate_when_mmap__beyond_end_of_file)
{
	char *at = populated_map(RW, MAP_SHARED, scratch_file(2, 'a'));

	saw("within", populated(at, 2));
	saw("beyond", populated(at + pages(2), 2));
}

PROBE(mmap__populate_when_mmap__nonblock)
{
	int fd = scratch_file(4, 'a'), both = MAP_POPULATE | MAP_NONBLOCK;

	saw("anonymous", populated((void *)call(mmap, space(4), pages(4), RW, ANONYMOUS | both, -1, 0), 4));
	saw("file", populated((void *)call(mmap, space(4), pages(4), RW, MAP_SHARED | both, fd, 0), 4));
}

PROBE(mmap__populate_when_mmap__fixed_over_mapping)
{
	char *at = anon(4, 0);

	call(mmap, at + pages(1), pages(2), RW, ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	saw("new", populated(at + pages(1), 2));
	saw("old", populated(at, 1));
}

PROBE(mmap__populate_when_mmap__seen_by_child)
{
	char *memory = address(call(mmap, space(4), pages(4), RW, ANONYMOUS | MAP_POPULATE, -1, 0));
	int fd = scratch_file(4, 'a');
	char *file = address(call(mmap, space(4), pages(4), RW, MAP_SHARED | MAP_POPULATE, fd, 0));

	in_child {
		saw("anonymous", populated(memory, 4));
		saw("file", populated(file, 4));
	}
}

PROBE(mmap__populate_when_mmap__hugetlb)
{
	long free = proc_number("/proc/meminfo", "HugePages_Free");
	char *at = huge(2, 0, MAP_PRIVATE | MAP_POPULATE);

	saw("mmap", outcome(at));
	saw("taken", free - proc_number("/proc/meminfo", "HugePages_Free"));
	saw("populated", populated(at, (long)(2 * huge_size() / page_size)));
}

PROBE(mmap__populate_when_mmap__hugetlb_beyond_pool)
{
	long free = proc_number("/proc/meminfo", "HugePages_Free");
	size_t length = (size_t)(free + 1) * huge_size();
	int flags = ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_POPULATE;
	char *at = address(call(mmap, NOWHERE, length, RW, flags, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("first", populated(at, (long)(huge_size() / page_size)));
	saw("left", proc_number("/proc/meminfo", "HugePages_Free"));
}

PROBE(mmap__populate_when_mmap__dax)
{
	saw("populated", populated(populated_map(RW, MAP_SHARED, dax_file(4, 'a')), 4));
}
