/* Calls over five pages of which the third is another: how far they came, and what became of each page. */
#ifndef HALFWAY_H
#define HALFWAY_H

#include "probe.h"

enum { ROW = 5, ODD = 2 };

struct attempt {
	const char *name;
	const char *(*run)(char *at, long number);
	long number;
};

typedef char *layout(void); /* five pages, the third of them odd; broken or NULL where this kernel has no such page */

/*
 * A word for each attempt: its outcome, and a character per page: 'x' unmapped, 'm' mapped, 'p' other permissions,
 * 'f' other flags, 'c' other contents, 't' in or out of the page tables, '-' as before. `apart`: each in its own
 * process.
 */
void halfway(const struct attempt *attempts, layout *make, bool apart);

#endif
