/* Persistent memory: a file on DAX or the device itself, and the spare file system that a probe mounts as it likes. */
#ifndef DAX_H
#define DAX_H

#include "probe.h"

/* needs pmem: a file of n pages on DAX, or the device where there is no file system; filled from `letter`, 0: zeroes */
int pmem(long n, char letter);
bool pmem_is_device(void);
/* n pages of it from its start, at a place of their own; an error as call()'s. A device maps whole huge pages. */
char *pmem_map(int fd, long n, int prot, int flags);
size_t pmem_length(long n); /* how much pmem_map() maps, in bytes */

/* needs dax_spare: hides /mnt/dax behind the spare device's file system, for this process only; "ok" or an errno */
const char *mount_spare(const char *options);
const char *remount_spare(const char *options);
void unmount_spare(void);
const char *spare_shows(const char *option); /* whether /proc/self/mounts has it among the mount's options */

const char *is_dax(int fd);   /* statx: STATX_ATTR_DAX "yes", "no", or "unknown" where the kernel does not say */
const char *dax_flag(int fd); /* FS_XFLAG_DAX, the persistent one: "yes", "no", or an errno */
const char *set_dax_flag(int fd, bool on);
int file_at(const char *path, int flags); /* opened or made; an error as call()'s */

#endif
