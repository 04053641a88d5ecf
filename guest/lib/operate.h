/* Operations that several sweeps share, on the first half of a mapping; each answers with its outcome. */
#ifndef OPERATE_H
#define OPERATE_H

#include "sweep.h"

struct vector {
	void *base;
	size_t length;
};

const char *do_madvise(struct ground *ground, long advice);
const char *do_process_madvise(struct ground *ground, long advice); /* of oneself */
const char *do_mprotect(struct ground *ground, long prot);
const char *do_mlock2(struct ground *ground, long flags);
const char *do_mlockall(struct ground *ground, long flags);
const char *do_munlock(struct ground *ground, long units);
const char *do_mbind(struct ground *ground, long flags);      /* to node 0 */
const char *do_proc_mem(struct ground *ground, long write);   /* a byte through /proc/self/mem */
const char *do_process_vm(struct ground *ground, long write); /* a byte by process_vm_readv or _writev of oneself */
const char *do_register(struct ground *ground, long mode);    /* with a userfaultfd, and back */
const char *do_register_with(struct ground *ground, int flags, long mode);
const char *read_result(long result, const char *buffer); /* "reads k", "ok" or the errno */

#endif
