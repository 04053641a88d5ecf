/* DAX by mount option, and per file by FS_XFLAG_DAX. */
#include "dax.h"

#define NAMED "/mnt/dax/named"
#define ABOVE "/mnt/dax/folder"
enum { REMOVE_FOLDER = 0x200 /* AT_REMOVEDIR */ };

/* What a file is like: in use by DAX, and whether a synchronous mapping of it is accepted. */
static void see_file(int fd, const char *dax, const char *sync)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));

	saw_text(dax, is_dax(fd));
	saw_text(sync, outcome(at));
	if (!failed(at)) /* a mapping would keep the file system busy */
		call(munmap, at, pages(2));
}

static bool mounted(const char *options)
{
	const char *answer = mount_spare(options);

	saw("mount", answer);
	return strcmp(answer, "ok") == 0;
}

static void see_mounted(const char *options)
{
	if (!mounted(options))
		return;
	saw("shows_always", spare_shows("dax=always"));
	saw("shows_inode", spare_shows("dax=inode"));
	saw("shows_never", spare_shows("dax=never"));
	see_file(dax_file(2, 'd'), "dax", "sync");
}

PROBE(dax__mount_option__always)
{
	see_mounted("dax=always");
}

PROBE(dax__mount_option__inode)
{
	see_mounted("dax=inode");
}

PROBE(dax__mount_option__never)
{
	see_mounted("dax=never");
}

PROBE(dax__mount_option__without)
{
	see_mounted("");
}

PROBE(dax__mount_option__old_spelling)
{
	see_mounted("dax");
}

PROBE(dax__mount_option__unknown_word)
{
	saw("mount", mount_spare("dax=sometimes"));
}

PROBE(dax__mount_option__remount)
{
	if (!mounted("dax=inode"))
		return;
	saw("to_always", remount_spare("dax=always"));
	saw("always", spare_shows("dax=always"));
	saw("to_never", remount_spare("dax=never"));
	saw("never", spare_shows("dax=never"));
	see_file(dax_file(2, 'd'), "dax", "sync");
}

PROBE(dax__mount_option__elsewhere)
{
	call(unshare, 0x00020000 /* CLONE_NEWNS */);
	saw("tmpfs", outcome(call(mount, "tmpfs", "/tmp", "tmpfs", 0, "dax=always")));
	saw("ext4_dax", is_dax(ext4_file(1, 'a')));
	saw("ext4_flag", dax_flag(ext4_file(1, 'a')));
}

/* A file of two pages with a name; an earlier guest may have left one. */
static int named_file(const char *path)
{
	int fd;

	call(unlinkat, AT_FDCWD, path, 0);
	fd = file_at(path, O_RDWR | O_CREAT);
	if (failed(fd))
		broken("making %s: %s", path, outcome(fd));
	return fd;
}

static void see_again(const char *options)
{
	int fd;

	unmount_spare();
	saw("again", mount_spare(options));
	fd = file_at(NAMED, O_RDWR);
	if (failed(fd))
		broken("opening it again: %s", outcome(fd));
	saw("flag_again", dax_flag(fd));
	see_file(fd, "dax_again", "sync_again");
	call(unlinkat, AT_FDCWD, NAMED, 0);
}

PROBE(dax__file_flag__set_on_an_empty_file)
{
	int fd;

	if (!mounted("dax=inode"))
		return;
	fd = named_file(NAMED);
	saw("set", set_dax_flag(fd, true));
	saw("flag", dax_flag(fd));
	call(ftruncate, fd, (long long)pages(2));
	see_file(fd, "dax", "sync");
	call(close, fd);
	see_again("dax=inode");
}

PROBE(dax__file_flag__takes_effect_when_it_is_opened_anew)
{
	int fd;

	if (!mounted("dax=inode"))
		return;
	fd = named_file(NAMED);
	call(write, fd, "data", 4L);
	saw("set", set_dax_flag(fd, true));
	saw("flag", dax_flag(fd));
	saw("dax", is_dax(fd));
	call(close, fd);
	fd = file_at(NAMED, O_RDWR);
	saw("dax_reopened", is_dax(fd));
	call(unlinkat, AT_FDCWD, NAMED, 0);
}

PROBE(dax__file_flag__set_while_mapped)
{
	int fd;

	if (!mounted("dax=inode"))
		return;
	fd = dax_file(2, 'd');
	peek(mapped(fd, 2, RW, MAP_SHARED));
	saw("set", set_dax_flag(fd, true));
	saw("flag", dax_flag(fd));
	saw("dax", is_dax(fd));
}

PROBE(dax__file_flag__cleared)
{
	int fd;

	if (!mounted("dax=inode"))
		return;
	fd = named_file(NAMED);
	set_dax_flag(fd, true);
	saw("clear", set_dax_flag(fd, false));
	saw("flag", dax_flag(fd));
	call(ftruncate, fd, (long long)pages(2));
	call(close, fd);
	see_again("dax=inode");
}

PROBE(dax__file_flag__mounted_never)
{
	int fd;

	if (!mounted("dax=never"))
		return;
	fd = named_file(NAMED);
	saw("set", set_dax_flag(fd, true));
	saw("flag", dax_flag(fd));
	call(ftruncate, fd, (long long)pages(2));
	see_file(fd, "dax", "sync");
	call(unlinkat, AT_FDCWD, NAMED, 0);
}

PROBE(dax__file_flag__mounted_always)
{
	int fd;

	if (!mounted("dax=always"))
		return;
	fd = named_file(NAMED);
	saw("flag", dax_flag(fd));
	saw("set", set_dax_flag(fd, true));
	saw("clear", set_dax_flag(fd, false));
	call(ftruncate, fd, (long long)pages(2));
	see_file(fd, "dax", "sync");
	call(unlinkat, AT_FDCWD, NAMED, 0);
}

PROBE(dax__file_flag__inherited)
{
	int folder, fd;

	if (!mounted("dax=inode"))
		return;
	call(mkdirat, AT_FDCWD, ABOVE, 0700);
	folder = file_at(ABOVE, O_RDONLY | O_DIRECTORY);
	if (failed(folder))
		broken("making a folder: %s", outcome(folder));
	fd = named_file(ABOVE "/before");
	saw("set", set_dax_flag(folder, true));
	saw("folder_dax", is_dax(folder));
	saw("before", dax_flag(fd));
	fd = named_file(ABOVE "/after");
	saw("after", dax_flag(fd));
	call(ftruncate, fd, (long long)pages(2));
	see_file(fd, "dax", "sync");
	call(mkdirat, AT_FDCWD, ABOVE "/below", 0700);
	saw("folder_below", dax_flag(file_at(ABOVE "/below", O_RDONLY | O_DIRECTORY)));
	call(unlinkat, AT_FDCWD, ABOVE "/before", 0);
	call(unlinkat, AT_FDCWD, ABOVE "/after", 0);
	call(unlinkat, AT_FDCWD, ABOVE "/below", REMOVE_FOLDER);
	call(unlinkat, AT_FDCWD, ABOVE, REMOVE_FOLDER);
}

PROBE(dax__file_flag__on_tmpfs)
{
	saw("set", set_dax_flag(scratch_file(1, 'a'), true));
	saw("dax", is_dax(scratch_file(1, 'a')));
}
