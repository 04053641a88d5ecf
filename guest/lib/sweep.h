/* Sweeps: every operation on every kind of mapping. An operation is one line of a table, a kind one line of kinds.def.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "probe.h"

enum { UNITS = 4 };

/* Four units of one kind of mapping. `unit` is what one operation treats as a page: bytes. */
struct ground {
	char *at;
	size_t unit;
	int fd;       /* what it maps, or -1 */
	int other_fd; /* what keeps it as it is (a userfaultfd), or -1 */
	char *moved;  /* where an operation has put it, or NULL */
	size_t moved_bytes;
	bool shares_fd; /* the file serves every operation */
	bool alone;     /* there is one of it only: one process for each operation */
	bool stays;     /* it cannot be unmapped: the next one gets another place */
	bool dax;       /* its file lies on persistent memory */
	bool opaque;    /* what is read there is the kernel's own and says nothing */
};

/* One operation: `run` answers with its outcome in words; what it does to the mapping is looked at by sweep(). */
struct operation {
	const char *name;
	const char *(*run)(struct ground *ground, long number);
	long number;
	bool forks; /* it changes the process, not only the mapping */
};

#define OP(name, run, number) {name, run, number, false}
#define APART(name, run, number) {name, run, number, true} /* in a process of its own */
#define OPS_END {NULL, NULL, 0, false}

typedef const char *maker(struct ground *ground); /* "ok", or why this kernel has no such mapping */

#define KIND(name, needs, says) const char *make_##name(struct ground *ground);
#include "kinds.def"
#undef KIND

/* For makers: the mapping is there, or an error's name; and filled from 'k'. */
const char *here(struct ground *ground, char *at);
const char *written(struct ground *ground, const char *made);

/* Runs each operation (the last has no name) on a fresh mapping; one word each. */
void sweep(const struct operation *operations, maker *make);
void sweep_as_user(const struct operation *operations, maker *make);
void sweep_accounts(const struct operation *operations, maker *make); /* what is counted differently afterwards */
/* What is read at a place of `ground`: a character as contents() has it, 'r' for what is the kernel's own. */
char reads(const struct ground *ground, const char *at);

char *another_place(const struct ground *ground, long n); /* n free units elsewhere */

#endif
