/* What a tmpfs of one's own offers; it is mounted where no other process sees it. */
#include <linux/fs.h>
#include <linux/mount.h>
#include "probe.h"

#define NAMED "/tmp/named"
#define FOLDER "/tmp/folder"
#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000 /* linux/fs.h */
#endif
enum { NEW_NAMESPACE = 0x00020000 /* CLONE_NEWNS */ };

static const char *mounted(const char *options)
{
	static bool apart;

	if (!apart) {
		if (failed(call(unshare, NEW_NAMESPACE)))
			broken("no mount namespace of its own");
		call(mount, NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
		apart = true;
	}
	note("mount options: %s", options);
	return outcome(call(mount, "farm", "/tmp", "tmpfs", 0, options));
}

static const char *remounted(const char *options)
{
	note("mount options: %s", options);
	return outcome(call(mount, "farm", "/tmp", NULL, MS_REMOUNT, options));
}

static void given(const char *options)
{
	const char *answer = mounted(options);

	if (strcmp(answer, "ok") != 0)
		broken("mounting tmpfs: %s", answer);
}

static bool has(const char *options)
{
	const char *answer = mounted(options);

	saw("mount", answer);
	return strcmp(answer, "ok") == 0;
}

static const char *size_of(long n)
{
	return textf("size=%zu", pages(n));
}

static int file(const char *path, int flags)
{
	return (int)call(openat, AT_FDCWD, path, O_RDWR | O_CREAT | flags, 0600);
}

static const char *write_page(int fd, long i)
{
	static char page[65536];
	long done;

	memset(page, 'a' + (int)i, page_size);
	done = call(pwrite64, fd, page, page_size, (long long)pages(i));
	return done > 0 && done < (long)page_size ? "part" : outcome(done);
}

static long length(int fd)
{
	return call(lseek, fd, 0, 2 /* SEEK_END */) / (long)page_size;
}

/* ---- mount options ---- */
PROBE(tmpfs__mount_option__huge)
{
	static const char *const words[] = {"never", "always", "within_size", "advise", "deny", "force", "sometimes"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		saw_text(words[i], mounted(textf("huge=%s", words[i])));
}

PROBE(tmpfs__mount_option__noswap)
{
	if (!has("noswap"))
		return;
	saw("shown", file_has("/proc/self/mounts", "noswap"));
	saw("kept", remounted("noswap"));
	given("size=1m");
	saw("later", remounted("noswap"));
}

PROBE(tmpfs__mount_option__quota)
{
	if (!has("usrquota_inode_hardlimit=1,mode=777"))
		return;
	become_user();
	saw("first", outcome(file(NAMED, 0)));
	saw("second", outcome(file("/tmp/another", 0)));
}

PROBE(tmpfs__mount_option__casefold)
{
	int flags = FS_CASEFOLD_FL, fd;

	if (!has("casefold"))
		return;
	call(mkdirat, AT_FDCWD, FOLDER, 0700);
	fd = (int)call(openat, AT_FDCWD, FOLDER, O_RDONLY | O_DIRECTORY, 0);
	saw("set", outcome(call(ioctl, fd, FS_IOC_SETFLAGS, &flags)));
	file(FOLDER "/Name", 0);
	saw("other_case", outcome(call(openat, AT_FDCWD, FOLDER "/nAME", O_RDONLY, 0)));
	file(NAMED, 0);
	saw("elsewhere", outcome(call(openat, AT_FDCWD, "/tmp/NAMED", O_RDONLY, 0)));
}

PROBE(tmpfs__mount_option__policy)
{
	saw("default", mounted("mpol=default"));
	saw("local", mounted("mpol=local"));
	saw("bind", mounted("mpol=bind:0"));
	saw("absent_node", mounted("mpol=bind:63"));
	saw("unknown", mounted("mpol=anywhere"));
}

PROBE(tmpfs__mount_option__others)
{
	saw("inode32", mounted("inode32"));
	saw("mode", mounted("mode=700,uid=1,gid=1"));
	saw("percent", mounted("size=1%"));
	saw("suffix", mounted("size=1m,nr_inodes=1k"));
	saw("unknown", mounted("farm"));
	saw("bad_size", mounted("size=much"));
}

/* ---- limits ---- */
static void see_blocks(const char *options)
{
	int fd;

	given(options);
	fd = file(NAMED, 0);
	saw("first", write_page(fd, 0));
	saw("second", write_page(fd, 1));
	saw("third", write_page(fd, 2));
	saw("hole", outcome(call(ftruncate, fd, (long long)pages(4))));
	saw("over", write_page(fd, 0));
}

PROBE(tmpfs__limit__size)
{
	see_blocks(size_of(2));
}

PROBE(tmpfs__limit__nr_blocks)
{
	see_blocks("nr_blocks=2");
}

PROBE(tmpfs__limit__rounded_up)
{
	int fd;

	given(textf("size=%zu", pages(1) + 1));
	fd = file(NAMED, 0);
	saw("first", write_page(fd, 0));
	saw("second", write_page(fd, 1));
	saw("third", write_page(fd, 2));
}

PROBE(tmpfs__limit__touch)
{
	int fd;
	char *at;

	given(size_of(2));
	fd = file(NAMED, 0);
	call(ftruncate, fd, (long long)pages(3));
	at = mapped(fd, 3, RW, MAP_SHARED);
	for (int i = 0; i < 3; i++)
		saw_text(textf("write_%d", i), poke(at + pages(i), 'w'));
	saw("read", peek(at + pages(2)));
	call(madvise, at, pages(1), 9 /* MADV_REMOVE */);
	saw("after_removal", poke(at + pages(2), 'w'));
}

PROBE(tmpfs__limit__fallocate)
{
	int fd;

	given(size_of(3));
	fd = file(NAMED, 0);
	write_page(fd, 0);
	saw("over", outcome(call(fallocate, fd, 0, 0LL, (long long)pages(4))));
	saw("length", length(fd));
	saw("kept", file_byte(fd, 0));
	saw("given_back", write_page(fd, 1));
	saw("within", outcome(call(fallocate, fd, 0, 0LL, (long long)pages(3))));
	saw("length_then", length(fd));
}

PROBE(tmpfs__limit__remount)
{
	int fd;

	given(size_of(3));
	fd = file(NAMED, 0);
	write_page(fd, 0);
	write_page(fd, 1);
	saw("below_used", remounted(size_of(1)));
	saw("to_used", remounted(size_of(2)));
	saw("over", write_page(fd, 2));
	saw("larger", remounted(size_of(4)));
	saw("write", write_page(fd, 2));
	saw("unlimited", remounted("size=0"));
}

PROBE(tmpfs__limit__from_unlimited)
{
	given("size=0,nr_inodes=0");
	saw("size", remounted(size_of(4)));
	saw("inodes", remounted("nr_inodes=4"));
}

PROBE(tmpfs__limit__nr_inodes)
{
	given("nr_inodes=2"); /* the root is one */
	saw("first", outcome(file(NAMED, 0)));
	saw("second", outcome(file("/tmp/another", 0)));
	saw("folder", outcome(call(mkdirat, AT_FDCWD, FOLDER, 0700)));
	saw("fewer", remounted("nr_inodes=1"));
	saw("more", remounted("nr_inodes=3"));
	saw("then", outcome(file("/tmp/another", 0)));
}
