#include "probe.h"

#define SEALING MFD_ALLOW_SEALING

static const char *seals(int fd)
{
	long now = call(fcntl, fd, F_GET_SEALS, 0);

	return failed(now) ? outcome(now) : textf("%#lx", now);
}

static const char *seal(int fd, unsigned what)
{
	return outcome(call(fcntl, fd, F_ADD_SEALS, what));
}

static const char *maps(int fd, int prot, int flags)
{
	return outcome(call(mmap, space(1), pages(1), prot, flags, fd, 0));
}

static const char *writes(int fd, long at, const char *text)
{
	long done = call(pwrite64, fd, text, 1, (long long)at);

	return failed(done) ? outcome(done) : "ok";
}

PROBE(memfd_create__create_file__size_and_content)
{
	int fd = (int)call(memfd_create, "farm", 0);
	char *at;

	saw("create", outcome(fd));
	saw("size", (long)call(lseek, fd, 0, 2));
	saw("seals", seals(fd));
	saw("ftruncate", outcome(call(ftruncate, fd, (long long)pages(2))));
	at = mapped(fd, 2, RW, MAP_SHARED);
	saw("content", contents(at, 2));
	saw("name", mapping_name(at));
}

PROBE(memfd_create__create_file__names)
{
	static char name[300];

	memset(name, 'n', 250);
	saw("letters_250", outcome(call(memfd_create, name, 0)));
	name[249] = '\0';
	saw("letters_249", outcome(call(memfd_create, name, 0)));
	saw("empty", outcome(call(memfd_create, "", 0)));
	saw("none", outcome(call(memfd_create, NULL, 0)));
}

PROBE(memfd_create__create_file__flags)
{
	saw("bit_5", outcome(call(memfd_create, "farm", 0x20)));
	saw("bit_6", outcome(call(memfd_create, "farm", 0x40)));
	saw("size_without_hugetlb", outcome(call(memfd_create, "farm", 21u << MFD_HUGE_SHIFT)));
	saw("exec_and_noexec", outcome(call(memfd_create, "farm", MFD_EXEC | MFD_NOEXEC_SEAL)));
	saw("exec", outcome(call(memfd_create, "farm", MFD_EXEC)));
	saw("noexec_seal", outcome(call(memfd_create, "farm", MFD_NOEXEC_SEAL)));
}

PROBE(memfd_create__seal_file__without_being_allowed)
{
	int fd = memfd("farm", 1, 'm', 0);

	saw("seals", seals(fd));
	saw("add", seal(fd, F_SEAL_SHRINK));
	saw("none", seal(fd, 0));
}

PROBE(memfd_create__seal_file__size)
{
	int fd = memfd("farm", 2, 'm', SEALING);

	saw("shrink", seal(fd, F_SEAL_SHRINK));
	saw("smaller", outcome(call(ftruncate, fd, (long long)pages(1))));
	saw("larger", outcome(call(ftruncate, fd, (long long)pages(3))));
	saw("grow", seal(fd, F_SEAL_GROW));
	saw("larger_still", outcome(call(ftruncate, fd, (long long)pages(4))));
	saw("same", outcome(call(ftruncate, fd, (long long)pages(3))));
	saw("write_beyond", writes(fd, (long)pages(3), "w"));
	saw("allocate_beyond", outcome(call(fallocate, fd, 0, (long long)pages(3), (long long)pages(1))));
	saw("write_within", writes(fd, 0, "w"));
	saw("seals", seals(fd));
}

PROBE(memfd_create__seal_file__write)
{
	int fd = memfd("farm", 2, 'm', SEALING);

	saw("write", seal(fd, F_SEAL_WRITE));
	saw("pwrite", writes(fd, 0, "w"));
	saw("punch",
		outcome(call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0LL, (long long)pages(1))));
	saw("shrink", outcome(call(ftruncate, fd, (long long)pages(1))));
	saw("shared_writable", maps(fd, RW, MAP_SHARED));
	saw("private_writable", maps(fd, RW, MAP_PRIVATE));
}

/* The seal forbids writing; a mapping that cannot be written need not be forbidden. */
PROBE(memfd_create__seal_file__write_then_map_shared_read_only)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = space(1);

	saw("write", seal(fd, F_SEAL_WRITE));
	at = address(call(mmap, at, pages(1), PROT_READ, MAP_SHARED, fd, 0));
	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("content", peek(at));
	saw("may_write", vm_flag(at, "mw"));
	saw("mprotect", outcome(call(mprotect, at, pages(1), RW)));
	saw("poke", poke(at, 'w'));
}

PROBE(memfd_create__seal_file__write_while_mapped)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	saw("writable", seal(fd, F_SEAL_WRITE));
	call(mprotect, at, pages(1), PROT_READ);
	saw("made_read_only", seal(fd, F_SEAL_WRITE));
	call(munmap, at, pages(1));
	saw("unmapped", seal(fd, F_SEAL_WRITE));
}

PROBE(memfd_create__seal_file__write_while_mapped_read_only)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = mapped(fd, 1, PROT_READ, MAP_SHARED);

	saw("seal", seal(fd, F_SEAL_WRITE));
	saw("mprotect", outcome(call(mprotect, at, pages(1), RW)));
}

PROBE(memfd_create__seal_file__write_while_mapped_private)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = mapped(fd, 1, RW, MAP_PRIVATE);

	poke(at, 'p');
	saw("seal", seal(fd, F_SEAL_WRITE));
	saw("poke", poke(at, 'w'));
}

PROBE(memfd_create__seal_file__future_write)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	saw("seal", seal(fd, F_SEAL_FUTURE_WRITE));
	saw("earlier_mapping", poke(at, 'w'));
	saw("pwrite", writes(fd, 0, "x"));
	saw("shared_writable", maps(fd, RW, MAP_SHARED));
	saw("private_writable", maps(fd, RW, MAP_PRIVATE));
	saw("content", peek(at));
}

PROBE(memfd_create__seal_file__future_write_then_map_shared_read_only)
{
	int fd = memfd("farm", 1, 'm', SEALING);
	char *at = space(1);

	saw("seal", seal(fd, F_SEAL_FUTURE_WRITE));
	at = address(call(mmap, at, pages(1), PROT_READ, MAP_SHARED, fd, 0));
	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("may_write", vm_flag(at, "mw"));
	saw("mprotect", outcome(call(mprotect, at, pages(1), RW)));
	saw("remove", outcome(call(madvise, at, pages(1), MADV_REMOVE)));
}

PROBE(memfd_create__seal_file__sealed_seals)
{
	int fd = memfd("farm", 1, 'm', SEALING);

	saw("seal", seal(fd, F_SEAL_SEAL));
	saw("another", seal(fd, F_SEAL_GROW));
	saw("the_same", seal(fd, F_SEAL_SEAL));
	saw("unknown", seal(memfd("other", 1, 0, SEALING), 0x40));
	saw("seals", seals(fd));
}

PROBE(memfd_create__seal_file__read_only_descriptor)
{
	int fd = memfd("farm", 1, 'm', SEALING);

	reopen(fd, O_RDONLY);
	saw("add", seal(fd, F_SEAL_GROW));
	saw("get", seals(fd));
}

PROBE(memfd_create__seal_file__other_files)
{
	int tmpfs = scratch_file(1, 'f'), disk = ext4_file(1, 'f');

	saw("tmpfs_get", seals(tmpfs));
	saw("tmpfs_add", seal(tmpfs, F_SEAL_GROW));
	saw("ext4_get", seals(disk));
	saw("ext4_add", seal(disk, F_SEAL_GROW));
}

PROBE(memfd_create__seal_file__fork_shares_seals)
{
	int fd = memfd("farm", 1, 'm', SEALING);

	in_child
		saw("child", seal(fd, F_SEAL_WRITE));
	saw("parent", seals(fd));
	saw("pwrite", writes(fd, 0, "w"));
}

PROBE(memfd_create__huge_pages__create)
{
	int fd = (int)call(memfd_create, "farm", MFD_HUGETLB | SEALING);
	char *at;

	saw("create", outcome(fd));
	if (failed(fd))
		return;
	saw("seals", seals(fd));
	saw("ftruncate", outcome(call(ftruncate, fd, (long long)huge_size())));
	at = address(call(mmap, NOWHERE, huge_size(), RW, MAP_SHARED, fd, 0));
	saw("mmap", outcome(at));
	saw("poke", failed(at) ? "unmapped" : poke(at, 'h'));
	saw("odd_size", outcome(call(ftruncate, fd, (long long)pages(1))));
	saw("write", writes(fd, 0, "w"));
	saw("seal", seal(fd, F_SEAL_SHRINK));
}

PROBE(memfd_create__huge_pages__sizes)
{
	saw("size_16k", outcome(call(memfd_create, "farm", MFD_HUGETLB | 14u << MFD_HUGE_SHIFT)));
	saw("size_64k", outcome(call(memfd_create, "farm", MFD_HUGETLB | 16u << MFD_HUGE_SHIFT)));
	saw("size_2m", outcome(call(memfd_create, "farm", MFD_HUGETLB | 21u << MFD_HUGE_SHIFT)));
	saw("size_32m", outcome(call(memfd_create, "farm", MFD_HUGETLB | 25u << MFD_HUGE_SHIFT)));
	saw("size_1g", outcome(call(memfd_create, "farm", MFD_HUGETLB | 30u << MFD_HUGE_SHIFT)));
	saw("size_3", outcome(call(memfd_create, "farm", MFD_HUGETLB | 3u << MFD_HUGE_SHIFT)));
}

PROBE(memfd_create__huge_pages__none_left)
{
	int fd = (int)call(memfd_create, "farm", MFD_HUGETLB);

	saw("create", outcome(fd));
	if (failed(fd))
		return;
	saw("mmap", outcome(call(mmap, NOWHERE, (size_t)1 << 30, RW, MAP_SHARED, fd, 0)));
}
