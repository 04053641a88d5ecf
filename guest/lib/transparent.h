/* Transparent huge pages: room for them, and how many there are. */
#ifndef TRANSPARENT_H
#define TRANSPARENT_H

#include "probe.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

long small(void);     /* small pages of one transparent huge page */
char *room(long n);   /* untouched, of n huge pages' size, aligned */
void make_room(void); /* compacts memory, now and where a huge page is wanted, so that one that may be had is had */
const char *huge_share(const void *at, const char *key); /* huge pages that smaps counts: "none", "one", "two" */

#endif
