/* Where pages lie: NUMA nodes, swap areas, cgroups. */
#ifndef PLACE_H
#define PLACE_H

#include "probe.h"

/* NUMA */
void on_cpu(int number);                 /* this process runs there from now on, so first touch has one answer */
const char *node_of(const void *at);     /* move_pages' answer for one page: "0", "1", or the status' errno */
const char *move_to(void *at, int node); /* move_pages of one page: the status it gets, or the call's errno */
long bind_pages(void *at, long n, int mode, unsigned long nodes, int flags); /* mbind with a mask of nodes, traced */
long set_policy(int mode, unsigned long nodes);                              /* set_mempolicy with a mask */

/* Swap: a file on ext4 with a swap signature, removed (and swapped off) when the probe ends; its path */
const char *swap_file(long n); /* for this page size */
const char *swap_file_with(long n, size_t page, const char *signature, unsigned version);
const char *swap_is_on(long n);                       /* a swap file, swapped on; its path */
const char *swap_device(const char *path, long n);    /* a signature of n pages onto a block device */
const char *proc_swaps(const char *path, int column); /* /proc/swaps: 1 type, 2 size, 3 used, 4 priority; "absent" */

/* A cgroup (version 2) of the probe's own, under the root; needs memcg */
void enter_cgroup(void);
const char *cgroup_set(const char *file, const char *value); /* "memory.max": "ok" or the errno */
long cgroup_number(const char *file, const char *key);       /* "memory.events" "oom_kill"; key "": the file's number */

#endif
