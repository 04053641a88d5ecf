/* What a file of tmpfs can do. The probes' own files lie there: /tmp. */
#include <linux/fs.h>
#include <linux/mount.h>
#include "probe.h"

enum { FOLLOW = 0x400 /* AT_SYMLINK_FOLLOW */, END = 2 /* SEEK_END */, DATA = 3, HOLE = 4 };

/* A tmpfs that vanishes with the probe, so that nothing that is made there stays. */
static void own_folder(const char *options)
{
	if (failed(call(unshare, 0x00020000 /* CLONE_NEWNS */)))
		broken("no mount namespace of its own");
	call(mount, NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
	if (failed(call(mount, "farm", "/tmp", "tmpfs", 0, options)))
		broken("tmpfs cannot be mounted");
}

static int file(const char *path)
{
	return (int)call(openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
}

/* Where there is data or a hole from page `from` on: a page number, or the errno. */
static const char *seek(int fd, long from, int what)
{
	long at = call(lseek, fd, (long)pages(from), what);

	return failed(at) ? outcome(at) : textf("%ld", at / (long)page_size);
}

static const char *allocate(int fd, int mode, long from, long n)
{
	return outcome(call(fallocate, fd, mode, (long long)pages(from), (long long)pages(n)));
}

/* ---- opening ---- */
PROBE(tmpfs__file__direct)
{
	static _Alignas(65536) char page[65536];
	int fd;

	own_folder("");
	fd = file("/tmp/named");
	memset(page, 'd', page_size);
	call(pwrite64, fd, page, page_size, 0LL);
	fd = (int)call(openat, AT_FDCWD, "/tmp/named", O_RDWR | O_DIRECT, 0);
	saw("open", outcome(fd));
	if (failed(fd))
		return;
	page[0] = 'x';
	saw("read", call(pread64, fd, page, page_size, 0LL) == (long)page_size && page[0] == 'd' ? "d" : "other");
	saw("write", outcome(call(pwrite64, fd, page, page_size, 0LL)));
	saw("unaligned", outcome(call(pread64, fd, page + 1, 1, 1LL)));
}

PROBE(tmpfs__file__without_name)
{
	int fd;

	own_folder("");
	fd = (int)call(openat, AT_FDCWD, "/tmp", O_RDWR | O_TMPFILE, 0600);
	saw("open", outcome(fd));
	saw("link", outcome(call(linkat, AT_FDCWD, textf("/proc/self/fd/%d", fd), AT_FDCWD, "/tmp/named", FOLLOW)));
	saw("open_named", outcome(call(openat, AT_FDCWD, "/tmp/named", O_RDONLY, 0)));
	fd = (int)call(openat, AT_FDCWD, "/tmp", O_RDWR | O_TMPFILE | O_EXCL, 0600);
	saw("open_exclusive", outcome(fd));
	saw("link_exclusive",
		outcome(call(linkat, AT_FDCWD, textf("/proc/self/fd/%d", fd), AT_FDCWD, "/tmp/other", FOLLOW)));
	saw("open_read_only", outcome(call(openat, AT_FDCWD, "/tmp", O_RDONLY | O_TMPFILE, 0600)));
}

/* ---- holes ---- */
PROBE(tmpfs__file__fallocate_modes)
{
	int fd;

	own_folder("");
	fd = file("/tmp/named");
	saw("plain", allocate(fd, 0, 0, 2));
	saw("keep_size", allocate(fd, FALLOC_FL_KEEP_SIZE, 2, 2));
	saw("length", seek(fd, 0, END));
	saw("punch", allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1));
	saw("punch_only", allocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
	saw("zero", allocate(fd, FALLOC_FL_ZERO_RANGE, 0, 1));
	saw("collapse", allocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 1));
	saw("insert", allocate(fd, FALLOC_FL_INSERT_RANGE, 0, 1));
	saw("unshare", allocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, 1));
	saw("nothing", allocate(fd, 0, 0, 0));
}

PROBE(tmpfs__file__punch_hole)
{
	int fd = scratch_file(4, 'k');
	char *at = mapped(fd, 4, RW, MAP_SHARED), *copy = mapped(fd, 4, RW, MAP_PRIVATE);

	poke(copy + pages(1), 'c');
	saw("punch", allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 2));
	saw("hole", seek(fd, 0, HOLE)); /* first: a touch of the mapping fills it */
	saw("shared", contents(at, 4));
	saw("private", contents(copy, 4));
	saw("length", seek(fd, 0, END));
	saw("write", poke(at + pages(1), 'w'));
}

PROBE(tmpfs__file__seek)
{
	int fd = scratch_file(6, 0);
	char *at = mapped(fd, 6, RW, MAP_SHARED);

	saw("data_in_hole", seek(fd, 0, DATA));
	poke(at, 'a');
	poke(at + pages(3), 'd');
	saw("hole", seek(fd, 0, HOLE));
	saw("data", seek(fd, 1, DATA));
	saw("data_after_last", seek(fd, 4, DATA));
	saw("last_hole", seek(fd, 3, HOLE));
	saw("beyond_end", seek(fd, 6, HOLE));
	allocate(fd, 0, 1, 1);
	saw("allocated", seek(fd, 1, DATA));
	peek(at + pages(2));
	saw("read", seek(fd, 2, DATA));
}

/* ---- the end of the file ---- */
PROBE(tmpfs__file__beyond_end)
{
	int fd = scratch_file(1, 'k');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("content", contents(at, 2));
	saw("write", poke(at + pages(1), 'w'));
	saw("populate", outcome(call(madvise, at, pages(2), MADV_POPULATE_READ)));
	call(ftruncate, fd, (long long)pages(2));
	saw("longer", peek(at + pages(1)));
	saw("write_longer", poke(at + pages(1), 'w'));
	call(ftruncate, fd, (long long)pages(1));
	saw("shorter", peek(at + pages(1)));
	call(ftruncate, fd, (long long)pages(2));
	saw("again", peek(at + pages(1)));
}

PROBE(tmpfs__file__part_of_last_page)
{
	int fd = scratch_file(1, 'k');
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	call(ftruncate, fd, (long long)page_size / 2);
	saw("behind_end", peek(at + page_size / 2));
	saw("write", poke(at + page_size - 1, 'w'));
	call(ftruncate, fd, (long long)page_size);
	saw("after_growing", file_byte(fd, page_size - 1));
}

/* ---- attributes ---- */
static const char *set_flags(int fd, int flags)
{
	return outcome(call(ioctl, fd, FS_IOC_SETFLAGS, &flags));
}

PROBE(tmpfs__file__flags)
{
	int fd, flags = -1;
	long result;

	own_folder("");
	fd = file("/tmp/named");
	result = call(ioctl, fd, FS_IOC_GETFLAGS, &flags);
	saw("get", outcome(result));
	if (!failed(result))
		saw("at_first", flags);
	saw("nodump", set_flags(fd, FS_NODUMP_FL));
	saw("noatime", set_flags(fd, FS_NOATIME_FL));
	saw("compress", set_flags(fd, FS_COMPR_FL));
	saw("casefold", set_flags(fd, 0x40000000 /* FS_CASEFOLD_FL */));
	saw("append", set_flags(fd, FS_APPEND_FL));
	saw("open_append", outcome(call(openat, AT_FDCWD, "/tmp/named", O_RDWR, 0)));
	saw("immutable", set_flags(fd, FS_IMMUTABLE_FL));
	saw("open_immutable", outcome(call(openat, AT_FDCWD, "/tmp/named", O_RDWR, 0)));
	saw("unlink_immutable", outcome(call(unlinkat, AT_FDCWD, "/tmp/named", 0)));
	saw("write_opened_before", outcome(call(pwrite64, fd, "w", 1, 0LL)));
	saw("truncate_opened_before", outcome(call(ftruncate, fd, 0LL)));
}

static void see_attribute(const char *word, const char *name)
{
	char value[8] = "";
	const char *set = outcome(call(setxattr, "/tmp/named", name, "farm", 4, 0));

	saw_text(word, set);
	if (strcmp(set, "ok") == 0)
		saw_text(textf("%s_value", word),
			call(getxattr, "/tmp/named", name, value, sizeof(value)) == 4 ? value : "other");
}

PROBE(tmpfs__file__attributes)
{
	own_folder("nr_inodes=3");
	file("/tmp/named");
	see_attribute("trusted", "trusted.farm");
	see_attribute("security", "security.farm");
	see_attribute("user", "user.farm");
	see_attribute("unknown", "farm.farm");
}

PROBE(tmpfs__file__attributes_without_room)
{
	static char large[8192];

	own_folder("nr_inodes=2");
	file("/tmp/named");
	saw("large", outcome(call(setxattr, "/tmp/named", "user.farm", large, sizeof(large), 0)));
	saw("large_trusted", outcome(call(setxattr, "/tmp/named", "trusted.farm", large, sizeof(large), 0)));
	saw("small", outcome(call(setxattr, "/tmp/named", "user.small", large, 4, 0)));
}
