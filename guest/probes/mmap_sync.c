/* mmap: MAP_SYNC. */
#include "dax.h"

enum { DATA = 3 /* SEEK_DATA, linux/fs.h */ };

/* Maps two pages with `flags` and tells whether the mapping is a synchronous one. */
static char *sync_map(int fd, int prot, int flags)
{
	char *at = address(call(mmap, space(2), pages(2), prot, flags, fd, 0));

	saw("mmap", outcome(at));
	return failed(at) ? NULL : at;
}

/* The same of persistent memory, be it a file or a device. */
static char *sync_pmem(int prot, int flags)
{
	char *at = pmem_map(pmem(2, 'd'), 2, prot, flags);

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
	char *at = sync_pmem(RW, MAP_SHARED_VALIDATE | MAP_SYNC);

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
	see_synchronous(sync_pmem(RW, MAP_SHARED | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__private)
{
	see_synchronous(sync_map(dax_file(2, 'd'), RW, MAP_PRIVATE | MAP_SYNC));
}

PROBE(mmap__write_to_disk_directly__without_flag)
{
	see_synchronous(sync_pmem(RW, MAP_SHARED_VALIDATE));
}

PROBE(mmap__write_to_disk_directly__kept_by_fork)
{
	char *at = sync_pmem(RW, MAP_SHARED_VALIDATE | MAP_SYNC);

	if (!at)
		return;
	in_child {
		saw("child", vm_flag(at, "sf"));
		saw("write", poke(at, 'w'));
	}
}

PROBE(mmap__write_to_disk_directly__kept_by_mremap)
{
	char *at = sync_pmem(RW, MAP_SHARED_VALIDATE | MAP_SYNC), *to;

	if (!at)
		return;
	to = space((long)(pmem_length(2) / page_size));
	to = address(call(mremap, at, pmem_length(2), pmem_length(2), MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw("mremap", outcome(to));
	see_synchronous(failed(to) ? NULL : to);
}

PROBE(mmap__write_to_disk_directly__read_only)
{
	see_synchronous(sync_pmem(PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC));
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

PROBE(mmap__write_to_disk_directly__device)
{
	int fd = pmem(2, 'd');

	saw("validate", outcome(pmem_map(fd, 2, RW, MAP_SHARED_VALIDATE | MAP_SYNC)));
	saw("shared", outcome(pmem_map(fd, 2, RW, MAP_SHARED | MAP_SYNC)));
	saw("private", outcome(pmem_map(fd, 2, RW, MAP_PRIVATE | MAP_SYNC)));
	saw("private_without", outcome(pmem_map(fd, 2, RW, MAP_PRIVATE)));
	saw("one_page", outcome(call(mmap, space(2), pages(1), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0)));
}

PROBE(mmap__write_to_disk_directly__huge_pages)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB | MAP_SYNC;

	saw("validate", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_SHARED_VALIDATE | flags, -1, 0)));
	saw("shared", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_SHARED | flags, -1, 0)));
	saw("private", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_PRIVATE | flags, -1, 0)));
}

/*
 * What is left when the machine is killed. The host runs the first probe, kills QEMU, boots a guest with the same
 * persistent memory and runs the second: data that the CPU has stored always survives that, the file's metadata not.
 */
enum { FILES = 4, REMOUNT = 32 /* MS_REMOUNT, linux/mount.h */ };

/* In the order in which they are written: each but the last brings the metadata of all before it to the medium. */
static const char *const names[FILES] = {"fsync", "msync", "sync", "plain"};

static const char *path_of(int which)
{
	return textf("/mnt/dax/kept-%s", names[which]);
}

static int new_file(int which)
{
	int fd = file_at(path_of(which), O_RDWR | O_CREAT | O_TRUNC);

	if (failed(fd))
		broken("making %s: %s", path_of(which), outcome(fd));
	call(ftruncate, fd, (long long)pages(2));
	return fd;
}

PROBE(mmap__write_to_disk_directly__before_a_killed_machine)
{
	int fd[FILES];
	char *at[FILES];

	/* ext4 commits every five seconds by itself; xfs, which does not know the option, every thirty */
	call(mount, "none", "/mnt/dax", NULL, REMOUNT, "commit=600");
	for (int i = 0; i < FILES; i++)
		fd[i] = new_file(i);
	for (int i = 0; i < FILES; i++)
		at[i] = i == 2 ? address(call(mmap, space(2), pages(2), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd[2], 0))
			       : mapped(fd[i], 2, RW, MAP_SHARED);
	saw("sync", outcome(at[2]));
	if (failed(at[2]))
		call(unlinkat, AT_FDCWD, path_of(2), 0);
	saw("on_the_medium", outcome(call(syncfs, fd[0])));
	saw("write_fsync", poke(at[0], 'w'));
	call(fsync, fd[0]);
	saw("write_msync", poke(at[1], 'w'));
	call(msync, at[1], pages(2), MS_SYNC);
	if (!failed(at[2]))
		saw("write_sync", poke(at[2], 'w'));
	saw("write_plain", poke(at[3], 'w'));
}

PROBE(mmap__write_to_disk_directly__survives_a_killed_machine)
{
	for (int i = 0; i < FILES; i++) {
		int fd = file_at(path_of(i), O_RDONLY);
		const char *seen;

		if (failed(fd) && fd != -2 /* ENOENT: it could not be mapped so */)
			broken("opening %s: %s", path_of(i), outcome(fd));
		seen = failed(fd) ? "refused" : file_byte(fd, 0);
		saw_text(names[i], strcmp(seen, "w") == 0 ? "kept" : strcmp(seen, "zero") == 0 ? "lost" : seen);
	}
}
