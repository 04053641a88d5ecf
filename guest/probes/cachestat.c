#include "probe.h"

static struct cached {
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
} found;

/* cachestat of `length` bytes (0: to the end) from `from`, in pages; fills `found`. */
static long cachestat(int fd, uint64_t from, uint64_t length)
{
	uint64_t range[2] = {from, length};

	memset(&found, 0, sizeof(found));
	return call(cachestat, fd, range, &found, 0);
}

PROBE(cachestat__count_cached_pages__of_tmpfs)
{
	int fd = scratch_file(4, 'f');

	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("cached", (long)found.cached);
	saw("evicted", (long)found.evicted);
	saw("part", outcome(cachestat(fd, pages(1), pages(2))));
	saw("cached_in_part", (long)found.cached);
	saw("odd", outcome(cachestat(fd, pages(1) - 1, 2)));
	saw("cached_in_odd", (long)found.cached);
}

PROBE(cachestat__count_cached_pages__of_ext4)
{
	int fd = ext4_file(4, 'f');

	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("cached", (long)found.cached);
	saw("dirty", (long)found.dirty);
	saw("writeback", (long)found.writeback);
	drop_caches();
	saw("again", outcome(cachestat(fd, 0, 0)));
	saw("cached_after_drop", (long)found.cached);
}

PROBE(cachestat__count_cached_pages__of_a_hole)
{
	int fd = scratch_file(4, 0);

	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("cached", (long)found.cached);
	saw("beyond_its_end", outcome(cachestat(fd, pages(9), pages(1))));
}

PROBE(cachestat__count_cached_pages__written_is_dirty)
{
	int fd = ext4_file(2, 'f');

	saw("write", outcome(call(pwrite64, fd, "w", 1, 0LL)));
	saw("cachestat", outcome(cachestat(fd, 0, pages(1))));
	saw("dirty_or_written", yes(found.dirty + found.writeback >= 1));
	call(fsync, fd);
	saw("synced", outcome(cachestat(fd, 0, 0)));
	saw("dirty", (long)found.dirty);
}

PROBE(cachestat__count_cached_pages__arguments)
{
	int fd = scratch_file(1, 'f');
	uint64_t range[2] = {0, 0}, over[2] = {pages(1), ~0ULL};

	saw("flags", outcome(call(cachestat, fd, range, &found, 1)));
	saw("no_range", outcome(call(cachestat, fd, NULL, &found, 0)));
	saw("no_answer", outcome(call(cachestat, fd, range, NULL, 0)));
	saw("bad_descriptor", outcome(call(cachestat, -1, range, &found, 0)));
	saw("overflow", outcome(call(cachestat, fd, over, &found, 0)));
}

PROBE(cachestat__count_cached_pages__other_files)
{
	int directory = (int)call(openat, AT_FDCWD, "/tmp", O_RDONLY | O_DIRECTORY, 0);
	int null = (int)call(openat, AT_FDCWD, "/dev/null", O_RDONLY, 0);
	int status = (int)call(openat, AT_FDCWD, "/proc/self/status", O_RDONLY, 0);
	int secret = (int)call(memfd_secret, 0);

	saw("directory", outcome(cachestat(directory, 0, 0)));
	saw("device", outcome(cachestat(null, 0, 0)));
	saw("proc", outcome(cachestat(status, 0, 0)));
	saw("secret", failed(secret) ? "no such file" : outcome(cachestat(secret, 0, 0)));
}

PROBE(cachestat__count_cached_pages__of_huge_pages)
{
	int fd;

	huge_size(); /* unmet where the machine has none */
	fd = (int)call(memfd_create, "huge", MFD_HUGETLB);
	if (failed(fd))
		broken("memfd_create: %s", outcome(fd));
	saw("cachestat", outcome(cachestat(fd, 0, 0)));
}

PROBE(cachestat__count_cached_pages__permission)
{
	int writable = scratch_file(1, 'f'), readable = scratch_file(1, 'f'), own;

	reopen(readable, O_RDONLY);
	saw("root_read_only", outcome(cachestat(readable, 0, 0)));
	become_user();
	saw("of_root_writable", outcome(cachestat(writable, 0, 0)));
	saw("of_root_read_only", outcome(cachestat(readable, 0, 0)));
	own = memfd("own", 1, 'm', 0);
	saw("own_memfd", outcome(cachestat(own, 0, 0)));
}

PROBE(cachestat__count_cached_pages__truncated)
{
	int fd = scratch_file(4, 'f');

	call(ftruncate, fd, (long long)pages(1));
	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("cached", (long)found.cached);
	call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0LL, (long long)pages(1));
	saw("punched", outcome(cachestat(fd, 0, 0)));
	saw("cached_after", (long)found.cached);
}

PROBE(cachestat__count_cached_pages__in_swap)
{
	int fd = memfd("swapped", 4, 'm', 0);
	char *at = mapped(fd, 4, RW, MAP_SHARED);

	saw("read", contents(at, 4));
	saw("pageout", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("accounted", (long)(found.cached + found.evicted));
}

PROBE(cachestat__count_cached_pages__of_dax)
{
	int fd = dax_file(4, 'f');
	char *at = mapped(fd, 4, RW, MAP_SHARED);

	contents(at, 4); /* only what was touched has entries where the page cache would be */
	call(munmap, at, pages(4));
	saw("cachestat", outcome(cachestat(fd, 0, 0)));
	saw("cached", (long)found.cached);
}
