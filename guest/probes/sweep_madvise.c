/* Every advice, also the numbers that nobody has assigned yet, on the first half of every kind of mapping. */
#include "operate.h"

/* The two that take pages away from the machine for good (100 and 101) have probes of their own. */
static const struct operation operations[] = {
	OP("madv_normal", do_madvise, 0),
	OP("madv_random", do_madvise, 1),
	OP("madv_sequential", do_madvise, 2),
	OP("madv_willneed", do_madvise, 3),
	OP("madv_dontneed", do_madvise, 4),
	OP("madv_5", do_madvise, 5),
	OP("madv_6", do_madvise, 6),
	OP("madv_7", do_madvise, 7),
	OP("madv_free", do_madvise, 8),
	OP("madv_remove", do_madvise, 9),
	OP("madv_dontfork", do_madvise, 10),
	OP("madv_dofork", do_madvise, 11),
	OP("madv_mergeable", do_madvise, 12),
	OP("madv_unmergeable", do_madvise, 13),
	OP("madv_hugepage", do_madvise, 14),
	OP("madv_nohugepage", do_madvise, 15),
	OP("madv_dontdump", do_madvise, 16),
	OP("madv_dodump", do_madvise, 17),
	OP("madv_wipeonfork", do_madvise, 18),
	OP("madv_keeponfork", do_madvise, 19),
	OP("madv_cold", do_madvise, 20),
	OP("madv_pageout", do_madvise, 21),
	OP("madv_populate_read", do_madvise, 22),
	OP("madv_populate_write", do_madvise, 23),
	OP("madv_dontneed_locked", do_madvise, 24),
	OP("madv_collapse", do_madvise, 25),
	OP("madv_26", do_madvise, 26),
	OP("madv_27", do_madvise, 27),
	OP("madv_28", do_madvise, 28),
	OP("madv_29", do_madvise, 29),
	OP("madv_30", do_madvise, 30),
	OP("madv_guard_install", do_madvise, 102),
	OP("madv_guard_remove", do_madvise, 103),
	OP("madv_104", do_madvise, 104),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__madvise__##name)                                                                                  \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
