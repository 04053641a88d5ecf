/* Persistent memory, as a file or as the device; mounts of the spare one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include "internal.h"
#include "dax.h"

#define DEVICE "/dev/dax0.0"
#define FOLDER "/mnt/dax"

enum { NEW_NAMESPACE = 0x00020000 /* CLONE_NEWNS, linux/sched.h */, DAX_ATTRIBUTE = 0x00200000 /* linux/stat.h */ };

bool pmem_is_device(void)
{
	return access(DEVICE, F_OK) == 0;
}

size_t pmem_length(long n)
{
	long unit = pmem_is_device() ? file_number("/sys/bus/dax/devices/dax0.0/align") : (long)page_size;

	if (unit <= 0)
		unit = 2 << 20;
	return (pages(n) + (size_t)unit - 1) / (size_t)unit * (size_t)unit;
}

char *pmem_map(int fd, long n, int prot, int flags)
{
	size_t length = pmem_length(n);

	return address(call(mmap, space_of(length, length), length, prot, flags, fd, 0));
}

/* The device keeps what earlier probes wrote, and knows no write(2). */
static int device(long n, char letter)
{
	int fd = open(DEVICE, O_RDWR);
	char *at;

	if (fd < 0)
		broken("%s: %s", DEVICE, errno_name(errno));
	at = pmem_map(fd, n, RW, MAP_SHARED);
	if (failed(at))
		broken("mapping %s: %s", DEVICE, outcome(at));
	for (long i = 0; i < n; i++)
		memset(at + pages(i), letter ? letter + (int)i : 0, page_size);
	call(munmap, at, pmem_length(n));
	note("%d = %s%s", fd, DEVICE, letter ? textf(", filled from '%c'", letter) : ", zeroes");
	return fd;
}

int pmem(long n, char letter)
{
	return pmem_is_device() ? device(n, letter) : dax_file(n, letter);
}

static const char *spare;
static char type[16];

/* The spare is the one of two that is not mounted at /mnt/dax; its file system is of the same type. */
static void find_spare(void)
{
	static char text[8192];
	const char *at;

	if (read_file("/proc/self/mounts", text, sizeof(text)) < 0)
		broken("/proc/self/mounts cannot be read");
	at = strstr(text, " " FOLDER " ");
	if (!at || sscanf(at, " " FOLDER " %15s", type) != 1)
		broken("nothing is mounted at " FOLDER);
	spare = at[-1] == '0' ? "/dev/pmem1" : "/dev/pmem0";
}

const char *mount_spare(const char *options)
{
	if (!spare) {
		find_spare();
		if (access(spare, F_OK) != 0)
			broken("the spare device, %s, is missing", spare);
		if (failed(call(unshare, NEW_NAMESPACE)))
			broken("no mount namespace of its own");
		call(mount, NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
	}
	note("mount options: %s", options);
	return outcome(call(mount, spare, FOLDER, type, MS_NOATIME, options));
}

const char *remount_spare(const char *options)
{
	note("mount options: %s", options);
	return outcome(call(mount, spare, FOLDER, NULL, MS_REMOUNT | MS_NOATIME, options));
}

void unmount_spare(void)
{
	long result = call(umount2, FOLDER, 0);

	if (failed(result))
		broken("unmounting the spare: %s", outcome(result));
}

/* Of several mounts at one place the last one counts. */
const char *spare_shows(const char *option)
{
	static char text[8192];
	char *at, *end;

	if (read_file("/proc/self/mounts", text, sizeof(text)) < 0 || !(at = strstr(text, textf("%s ", spare))))
		return "unmounted";
	end = strchr(at, '\n');
	if (end)
		*end = '\0';
	note("/proc/self/mounts: %s", at);
	for (at = strstr(at, option); at; at = strstr(at + 1, option))
		if (strchr(" ,", at[-1]) && strchr(" ,", at[strlen(option)]))
			return "yes";
	return "no";
}

const char *is_dax(int fd)
{
	struct statx found = {0};
	long result = call(statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found);
	const char *seen = failed(result)                                 ? outcome(result)
			   : !(found.stx_attributes_mask & DAX_ATTRIBUTE) ? "unknown"
									  : yes(found.stx_attributes & DAX_ATTRIBUTE);

	note("%d: STATX_ATTR_DAX: %s", fd, seen);
	return seen;
}

const char *dax_flag(int fd)
{
	struct fsxattr found = {0};
	long result = call(ioctl, fd, FS_IOC_FSGETXATTR, &found);

	note("%d: FS_XFLAG_DAX: %s", fd, yes(found.fsx_xflags & FS_XFLAG_DAX));
	return failed(result) ? outcome(result) : yes(found.fsx_xflags & FS_XFLAG_DAX);
}

const char *set_dax_flag(int fd, bool on)
{
	struct fsxattr change = {0};
	long result = call(ioctl, fd, FS_IOC_FSGETXATTR, &change);

	if (failed(result))
		return outcome(result);
	change.fsx_xflags = on ? change.fsx_xflags | FS_XFLAG_DAX : change.fsx_xflags & ~(unsigned)FS_XFLAG_DAX;
	return outcome(call(ioctl, fd, FS_IOC_FSSETXATTR, &change));
}

int file_at(const char *path, int flags)
{
	return (int)call(openat, AT_FDCWD, path, flags, 0600);
}
