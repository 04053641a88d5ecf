#include "probe.h"

static const char *in_file(int fd, long page)
{
	static char *copy;
	long got;

	if (!copy)
		copy = anon(1, 0);
	got = call(pread64, fd, copy, pages(1), (long long)pages(page));
	return failed(got) ? outcome(got) : got == 0 ? "end" : peek(copy);
}

static void write_file(int fd, long page, char letter)
{
	char *from = anon(1, letter);

	call(pwrite64, fd, from, pages(1), (long long)pages(page));
}

PROBE(pagefault__private_file__write_stays_private)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	saw("before", peek(at));
	poke(at, 'w');
	saw("mapped", peek(at));
	saw("file", in_file(fd, 0));
	write_file(fd, 0, 'x');
	saw("after", peek(at));
}

PROBE(pagefault__private_file__follows_until_written)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	peek(at);
	write_file(fd, 0, 'x');
	write_file(fd, 1, 'y');
	saw("read", peek(at));
	saw("unread", peek(at + pages(1)));
}

PROBE(pagefault__private_file__accounting)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	call(madvise, at, pages(2), MADV_RANDOM);
	peek(at);
	poke(at + pages(1), 'w');
	saw("rss", smaps_pages(at, "Rss"));
	saw("anonymous", smaps_pages(at, "Anonymous"));
}

PROBE(pagefault__shared_file__write_reaches_file)
{
	int tmpfs = scratch_file(1, 'a'), ext4 = ext4_file(1, 'a');

	poke(mapped(tmpfs, 1, RW, MAP_SHARED), 'w');
	poke(mapped(ext4, 1, RW, MAP_SHARED), 'w');
	saw("tmpfs", in_file(tmpfs, 0));
	saw("ext4", in_file(ext4, 0));
}

PROBE(pagefault__shared_file__clean_until_written)
{
	char *at = mapped(ext4_file(1, 'a'), 1, RW, MAP_SHARED);

	peek(at);
	saw("dirty_read", smaps_pages(at, "Private_Dirty"));
	poke(at, 'w');
	saw("dirty_written", smaps_pages(at, "Private_Dirty"));
	call(msync, at, pages(1), 4 /* MS_SYNC */);
	saw("dirty_synced", smaps_pages(at, "Private_Dirty"));
}

PROBE(pagefault__shared_file__hole)
{
	int fd = ext4_file(2, 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("read", peek(at));
	saw("still_hole", outcome(call(lseek, fd, 0, 3 /* SEEK_DATA */)));
	poke(at, 'w');
	call(msync, at, pages(1), 4 /* MS_SYNC */);
	saw("written", call(lseek, fd, 0, 3 /* SEEK_DATA */));
}

PROBE(pagefault__shared_file__hole_tmpfs)
{
	int fd = scratch_file(2, 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("read", peek(at));
	saw("data", outcome(call(lseek, fd, 0, 3 /* SEEK_DATA */)));
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(pagefault__shared_file__full_file_system)
{
	int fd, root = 0;
	char *at;

	call(unshare, 0x00020000 /* CLONE_NEWNS */);
	call(mount, NULL, "/", NULL, 1 << 18 | 1 << 14 /* MS_PRIVATE | MS_REC */, NULL);
	root = (int)call(mount, "tmpfs", "/tmp", "tmpfs", 0, "nr_blocks=2,huge=never");
	if (failed(root))
		broken("mount tmpfs: %s", outcome(root));
	fd = scratch_file(4, 0);
	at = mapped(fd, 4, RW, MAP_SHARED);
	saw("fits", poke_pages(at, 2, 'a'));
	saw("full", poke(at + pages(2), 'c'));
	saw("read", peek(at + pages(3)));
}

PROBE(pagefault__shared_file__dax_hole)
{
	int fd = dax_file(2, 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("read", peek(at));
	saw("rss_read", smaps_pages(at, "Rss"));
	saw("write", poke(at, 'w'));
	saw("rss_written", smaps_pages(at, "Rss"));
	saw("file", in_file(fd, 0));
}

PROBE(pagefault__beyond_end_of_file__kinds)
{
	saw("tmpfs", poke(mapped(scratch_file(1, 'a'), 2, RW, MAP_SHARED) + pages(1), 'w'));
	saw("memfd", poke(mapped(memfd("short", 1, 'a', 0), 2, RW, MAP_SHARED) + pages(1), 'w'));
	saw("ext4", poke(mapped(ext4_file(1, 'a'), 2, RW, MAP_SHARED) + pages(1), 'w'));
	saw("private", poke(mapped(ext4_file(1, 'a'), 2, RW, MAP_PRIVATE) + pages(1), 'w'));
	saw("read", peek(mapped(scratch_file(1, 'a'), 2, RW, MAP_PRIVATE) + pages(1)));
}

PROBE(pagefault__beyond_end_of_file__last_page)
{
	int fd = ext4_file(1, 'a');
	char *at;

	call(ftruncate, fd, 100LL);
	at = mapped(fd, 1, RW, MAP_SHARED);
	saw("tail", peek(at + 100));
	saw("write", poke(at + 200, 'w'));
	saw("size_kept", yes(call(lseek, fd, 0, 2 /* SEEK_END */) == 100));
}

PROBE(pagefault__beyond_end_of_file__tail_after_growth)
{
	int ext4 = ext4_file(1, 'a'), tmpfs = scratch_file(1, 'a');
	char *at, *other;

	call(ftruncate, ext4, 100LL);
	call(ftruncate, tmpfs, 100LL);
	at = mapped(ext4, 1, RW, MAP_SHARED);
	other = mapped(tmpfs, 1, RW, MAP_SHARED);
	poke(at + 200, 'w');
	poke(other + 200, 'w');
	call(ftruncate, ext4, (long long)pages(2));
	call(ftruncate, tmpfs, (long long)pages(2));
	saw("ext4", peek(at + 200));
	saw("tmpfs", peek(other + 200));
}

PROBE(pagefault__beyond_end_of_file__truncated_under_us)
{
	int fd = scratch_file(2, 'a');
	char *shared = mapped(fd, 2, RW, MAP_SHARED), *private = mapped(fd, 2, RW, MAP_PRIVATE);

	poke(shared + pages(1), 's');
	poke(private + pages(1), 'p');
	call(ftruncate, fd, (long long)pages(1));
	saw("shared", peek(shared + pages(1)));
	saw("private", peek(private + pages(1)));
	call(ftruncate, fd, (long long)pages(2));
	saw("grown", peek(private + pages(1)));
}

PROBE(pagefault__beyond_end_of_file__hole_punched)
{
	int fd = scratch_file(2, 'a');
	char *shared = mapped(fd, 2, RW, MAP_SHARED), *private = mapped(fd, 2, RW, MAP_PRIVATE);

	poke(shared, 's');
	poke(private, 'p');
	call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0LL, (long long)pages(1));
	saw("shared", peek(shared));
	saw("private", peek(private));
}

PROBE(pagefault__beyond_end_of_file__huge_page_file)
{
	size_t size = huge_size();
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);
	char *at;

	call(ftruncate, fd, (long long)size);
	at = address(call(mmap, NOWHERE, 2 * size, RW, MAP_SHARED | MAP_NORESERVE, fd, 0));
	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("inside", poke(at, 'i'));
	saw("beyond", poke(at + size, 'b'));
}

PROBE(pagefault__beyond_end_of_file__huge_pool_empty)
{
	long n = proc_number("/proc/meminfo", "HugePages_Free");
	char *all = huge(n, 'a', MAP_PRIVATE), *more = huge(1, 0, MAP_PRIVATE | MAP_NORESERVE);

	note("the pool is in %s", all ? "use" : "");
	saw("touch", poke(more, 'm'));
}
