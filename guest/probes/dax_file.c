/* What happens to a DAX file under its mapping, and what msync and fsync answer. */
#include "dax.h"

enum { DATA = 3 /* SEEK_DATA */, KEEP = FALLOC_FL_KEEP_SIZE };

static char *shared(int fd, long n)
{
	char *at = mapped(fd, n, RW, MAP_SHARED);

	contents(at, n);
	return at;
}

PROBE(dax__file_under_mapping__truncated)
{
	int fd = dax_file(4, 'd');
	char *at = shared(fd, 4);

	saw("ftruncate", outcome(call(ftruncate, fd, (long long)pages(2))));
	saw("populated_behind", populated(at + pages(2), 2));
	saw("content", contents(at, 4));
	saw("longer", outcome(call(ftruncate, fd, (long long)pages(4))));
	saw("content_longer", contents(at, 4));
}

PROBE(dax__file_under_mapping__truncated_private)
{
	int fd = dax_file(4, 'd');
	char *at = mapped(fd, 4, RW, MAP_PRIVATE);

	poke(at + pages(3), 'w');
	saw("ftruncate", outcome(call(ftruncate, fd, (long long)pages(2))));
	saw("content", contents(at, 4));
}

PROBE(dax__file_under_mapping__hole_punched)
{
	int fd = dax_file(4, 'd');
	char *at = shared(fd, 4);

	saw("fallocate",
		outcome(call(fallocate, fd, KEEP | FALLOC_FL_PUNCH_HOLE, (long long)pages(1), (long long)pages(2))));
	saw("populated", populated(at + pages(1), 2));
	saw("content", contents(at, 4));
	saw("write", poke(at + pages(1), 'w'));
	saw("file", file_byte(fd, pages(1)));
}

PROBE(dax__file_under_mapping__hole_punched_sync)
{
	int fd = dax_file(4, 'd');
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	poke_pages(at, 4, 'w');
	saw("fallocate", outcome(call(fallocate, fd, KEEP | FALLOC_FL_PUNCH_HOLE, 0LL, (long long)pages(1))));
	saw("content", contents(at, 4));
	saw("write", poke(at, 'n'));
	saw("file", file_byte(fd, 0));
}

PROBE(dax__file_under_mapping__zeroed)
{
	int fd = dax_file(4, 'd');
	char *at = shared(fd, 4);

	saw("fallocate", outcome(call(fallocate, fd, FALLOC_FL_ZERO_RANGE, (long long)pages(1), (long long)pages(2))));
	saw("content", contents(at, 4));
}

PROBE(dax__file_under_mapping__collapsed)
{
	int fd = dax_file(4, 'd');
	char *at = shared(fd, 4);

	saw("fallocate",
		outcome(call(fallocate, fd, FALLOC_FL_COLLAPSE_RANGE, (long long)pages(1), (long long)pages(1))));
	saw("content", contents(at, 4));
}

PROBE(dax__file_under_mapping__inserted)
{
	int fd = dax_file(4, 'd');
	char *at = shared(fd, 4);

	saw("fallocate",
		outcome(call(fallocate, fd, FALLOC_FL_INSERT_RANGE, (long long)pages(1), (long long)pages(1))));
	saw("content", contents(at, 4));
}

PROBE(dax__file_under_mapping__written_by_call)
{
	int fd = dax_file(2, 'd');
	char *at = shared(fd, 2);

	saw("pwrite", call(pwrite64, fd, "x", 1L, 0LL) == 1 ? "ok" : "failed");
	saw("mapping", peek(at));
	saw("write", poke(at + pages(1), 'w'));
	saw("pread", file_byte(fd, pages(1)));
}

PROBE(dax__file_under_mapping__hole_filled_by_call)
{
	int fd = dax_file(2, 0);
	char *at = shared(fd, 2);

	saw("before", peek(at));
	saw("pwrite", call(pwrite64, fd, "x", 1L, 0LL) == 1 ? "ok" : "failed");
	saw("after", peek(at));
}

PROBE(dax__file_under_mapping__allocated_is_zero)
{
	int fd = dax_file(1, 0);
	char *at;
	long data;

	saw("fallocate", outcome(call(fallocate, fd, 0, 0LL, (long long)pages(4))));
	at = mapped(fd, 4, RW, MAP_SHARED);
	saw("content", contents(at, 4));
	data = call(lseek, fd, 0, DATA);
	saw("data_after_read", failed(data) ? outcome(data) : "data");
	saw("write", poke(at + pages(1), 'w'));
	saw("content_written", contents(at, 4));
}

static void see_dirty(char *at, const char *word)
{
	saw_number(word, smaps_pages(at, "Private_Dirty") + smaps_pages(at, "Shared_Dirty"));
}

PROBE(dax__sync_calls__msync)
{
	char *at = pmem_map(pmem(2, 'd'), 2, RW, MAP_SHARED);
	size_t length = pmem_length(2);

	poke(at, 'w');
	saw("sync", outcome(call(msync, at, length, MS_SYNC)));
	saw("async", outcome(call(msync, at, length, MS_ASYNC)));
	saw("invalidate", outcome(call(msync, at, length, MS_SYNC | MS_INVALIDATE)));
	saw("content", peek(at));
}

PROBE(dax__sync_calls__msync_locked)
{
	char *at = mapped(dax_file(2, 'd'), 2, RW, MAP_SHARED);

	call(mlock, at, pages(2));
	saw("invalidate", outcome(call(msync, at, pages(2), MS_INVALIDATE)));
}

PROBE(dax__sync_calls__fsync)
{
	int fd = pmem(2, 'd');
	char *at = pmem_map(fd, 2, RW, MAP_SHARED);

	poke(at, 'w');
	saw("fsync", outcome(call(fsync, fd)));
	saw("fdatasync", outcome(call(fdatasync, fd)));
	saw("content", peek(at));
}

/*
 * Two pages whose frames nobody has written through a mapping: since DAX files have ordinary pages, a frame that was
 * unmapped dirty keeps that mark in the next file too, and which frames a file gets is the file system's choice.
 */
static char *never_written(int fd, long n)
{
	for (long i = 0; i < n; i += 2) {
		char *at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, (long long)pages(i)));

		if (failed(at))
			broken("mapping a DAX file: %s", outcome(at));
		contents(at, 2);
		if (smaps_pages(at, "Private_Dirty") + smaps_pages(at, "Shared_Dirty") == 0)
			return at;
		call(munmap, at, pages(2));
	}
	broken("every page of the file was written through a mapping before");
}

PROBE(dax__sync_calls__clean_after_fsync)
{
	enum { ENOUGH = 64 };
	int fd = dax_file(ENOUGH, 'd');
	char *at = never_written(fd, ENOUGH);

	see_dirty(at, "read");
	poke_pages(at, 2, 'w');
	see_dirty(at, "written");
	call(fsync, fd);
	see_dirty(at, "synced");
	poke(at, 'n');
	see_dirty(at, "written_again");
}

PROBE(dax__sync_calls__written_without_flag_is_in_file)
{
	int fd = dax_file(2, 'd');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("write", poke(at, 'w'));
	saw("file", file_byte(fd, 0));
}
