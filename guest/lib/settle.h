/* Waiting for what the kernel does in the background, and mappings that it made itself. */
#ifndef SETTLE_H
#define SETTLE_H

#include "probe.h"

void drain(void); /* this CPU's pages on their way to the LRU lists arrive there: only then can they be reclaimed */
bool reaches(const char *path, const char *key, long number); /* waits until proc_number() >= number; false after 3 s */
char *mapping_named(const char *name);                        /* where "[vvar]" begins; NULL: there is none */

#endif
