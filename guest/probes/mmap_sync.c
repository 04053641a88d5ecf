/* mmap: MAP_SYNC. */
#include "probe.h"

enum { DATA = 3 /* SEEK_DATA, linux/fs.h */ };

/* Maps two pages with `flags` and tells whether the mapping is a synchronous one. */
static char *sync_map(int fd, int prot, int flags)
{
	char *at = address(call(mmap, space(2), pages(2), prot, flags, fd, 0));

	saw("mmap", outcome(at));
	return failed(at) ? NULL : at;
}

static void see_synchronous(char *at)
{
	if (at)
		saw("synchronous", vm_flag(at, "sf"));
}

PROBE(mmap__write_to_disk_directly__shared_validate)
{
	char *at = sync_map(dax_file(2, 'd'), RW, MAP_SHARED_VALIDATE | MAP_SYNC);

	see_synchronous(at);
	if (at)
		saw("write", poke(at, 'w'));
}

PROBE(mmap__write_to_disk_directly__written_data_in_file)
{
	int fd = dax_file(2, 'd');
	char *at = sync_map(fd, RW, MAP_SHARED_VALIDATE | MAP_SYNC);

	if (!at)
		return;
	saw("write", poke(at, 'w'));
	saw("file", file_byte(fd, 0));
}

static const char *first_data(int fd)
{
	long at = call(lseek, fd, 0, DATA);

	return failed(at) ? outcome(at) : "data";
}

PROBE(mmap__write_to_disk_directly__allocates_blocks)
{
	int fd = dax_file(2, 0);
	char *at = sync_map(fd, RW, MAP_SHARED_VALIDATE | MAP_SYNC);

	if (!at)
		return;
	saw("before", first_data(fd));
	saw("write", poke(at, 'w'));
	saw("after", first_data(fd));
}

PROBE(mmap__write_to_disk_directly__plain_shared)
{
	see_synchronous(sync_map(dax_file(2, 'd'), RW, MAP_SHARED | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__private)
{
	see_synchronous(sync_map(dax_file(2, 'd'), RW, MAP_PRIVATE | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__without_flag)
{
	see_synchronous(sync_map(dax_file(2, 'd'), RW, MAP_SHARED_VALIDATE));
}

PROBE(mmap__write_to_disk_directly__kept_by_fork)
{
	char *at = sync_map(dax_file(2, 'd'), RW, MAP_SHARED_VALIDATE | MAP_SYNC);

	if (!at)
		return;
	in_child {
		saw("child", vm_flag(at, "sf"));
		saw("write", poke(at, 'w'));
	}
}

PROBE(mmap__write_to_disk_directly__kept_by_mremap)
{
	char *at = sync_map(dax_file(2, 'd'), RW, MAP_SHARED_VALIDATE | MAP_SYNC), *to = space(2);

	if (!at)
		return;
	to = address(call(mremap, at, pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw("mremap", outcome(to));
	see_synchronous(failed(to) ? NULL : to);
}

PROBE(mmap__write_to_disk_directly__read_only)
{
	see_synchronous(sync_map(dax_file(2, 'd'), PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__tmpfs)
{
	sync_map(scratch_file(2, 'a'), RW, MAP_SHARED_VALIDATE | MAP_SYNC);
}

PROBE(mmap__write_to_disk_directly__ext4_without_dax)
{
	sync_map(ext4_file(2, 'a'), RW, MAP_SHARED_VALIDATE | MAP_SYNC);
}

PROBE(mmap__write_to_disk_directly__memfd)
{
	sync_map(memfd("memory", 2, 'a', 0), RW, MAP_SHARED_VALIDATE | MAP_SYNC);
}

PROBE(mmap__write_to_disk_directly__anonymous)
{
	int flags = MAP_ANONYMOUS | MAP_SYNC;

	saw("validate", outcome(call(mmap, space(2), pages(2), RW, MAP_SHARED_VALIDATE | flags, -1, 0)));
	saw("shared", outcome(call(mmap, space(2), pages(2), RW, MAP_SHARED | flags, -1, 0)));
	saw("private", outcome(call(mmap, space(2), pages(2), RW, MAP_PRIVATE | flags, -1, 0)));
}

PROBE(mmap__write_to_disk_directly__plain_shared_tmpfs)
{
	see_synchronous(sync_map(scratch_file(2, 'a'), RW, MAP_SHARED | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__plain_shared_ext4)
{
	sync_map(ext4_file(2, 'a'), RW, MAP_SHARED | MAP_SYNC);
}

PROBE(mmap__write_to_disk_directly__private_ext4)
{
	sync_map(ext4_file(2, 'a'), RW, MAP_PRIVATE | MAP_SYNC);
}
