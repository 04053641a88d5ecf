/* Every advice, also the numbers that nobody has assigned yet, on the first half of every kind of mapping. */
#include "sweep.h"

static const char *advise(struct ground *ground, long advice)
{
	return outcome(call(madvise, ground->at, 2 * ground->unit, advice));
}

/* The two that take pages away from the machine for good (100 and 101) have probes of their own. */
static const struct operation operations[] = {
	OP("madv_normal", advise, 0),
	OP("madv_random", advise, 1),
	OP("madv_sequential", advise, 2),
	OP("madv_willneed", advise, 3),
	OP("madv_dontneed", advise, 4),
	OP("madv_5", advise, 5),
	OP("madv_6", advise, 6),
	OP("madv_7", advise, 7),
	OP("madv_free", advise, 8),
	OP("madv_remove", advise, 9),
	OP("madv_dontfork", advise, 10),
	OP("madv_dofork", advise, 11),
	OP("madv_mergeable", advise, 12),
	OP("madv_unmergeable", advise, 13),
	OP("madv_hugepage", advise, 14),
	OP("madv_nohugepage", advise, 15),
	OP("madv_dontdump", advise, 16),
	OP("madv_dodump", advise, 17),
	OP("madv_wipeonfork", advise, 18),
	OP("madv_keeponfork", advise, 19),
	OP("madv_cold", advise, 20),
	OP("madv_pageout", advise, 21),
	OP("madv_populate_read", advise, 22),
	OP("madv_populate_write", advise, 23),
	OP("madv_dontneed_locked", advise, 24),
	OP("madv_collapse", advise, 25),
	OP("madv_26", advise, 26),
	OP("madv_27", advise, 27),
	OP("madv_28", advise, 28),
	OP("madv_29", advise, 29),
	OP("madv_30", advise, 30),
	OP("madv_guard_install", advise, 102),
	OP("madv_guard_remove", advise, 103),
	OP("madv_104", advise, 104),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__madvise__##name)                                                                                  \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
