/* userfaultfd: every ioctl traced with its arguments; a touch that blocks runs in a thread of its own. */
#ifndef USERFAULT_H
#define USERFAULT_H

#include "probe.h"

/* The file descriptor after UFFDIO_API with these features, or the -errno of the step that failed. */
int userfault(int flags, uint64_t features);
int userfault_given(uint64_t features); /* the same as a given: broken where it fails */
uint64_t userfault_features(void);      /* what the kernel offers; 0: no userfaultfd */

/* Each as its ioctl: 0 or -errno; what it copied or zeroed goes to the trace. */
long uffd_register(int fd, void *at, size_t length, uint64_t mode);
uint64_t uffd_register_ioctls(void); /* which ioctls the last registration allows: bits 1 << _UFFDIO_… */
long uffd_unregister(int fd, void *at, size_t length);
long uffd_copy(int fd, void *to, const void *from, size_t length, uint64_t mode);
long uffd_zeropage(int fd, void *at, size_t length, uint64_t mode);
long uffd_writeprotect(int fd, void *at, size_t length, uint64_t mode);
long uffd_continue(int fd, void *at, size_t length, uint64_t mode);
long uffd_poison(int fd, void *at, size_t length, uint64_t mode);
long uffd_move(int fd, void *to, void *from, size_t length, uint64_t mode);
long uffd_wake(int fd, void *at, size_t length);

/* Waits for one event: "missing", "minor", "write", "wp", "fork", "remap", "remove", "unmap", or "none" after a second.
 */
const char *uffd_event(int fd);

/* The same in a thread, for events that the call which raises them waits for; listen_ends says what came. */
void listen_begins(int fd);
const char *listen_ends(void);

/* A thread touches `at` (letter 0: reads) and may block; touch_ends waits for it: what peek or poke said, or "blocked".
 */
void touch_begins(void *at, char letter);
const char *touch_ends(void);

#endif
