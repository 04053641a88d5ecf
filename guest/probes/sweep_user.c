/* What an ordinary user may do to each kind of mapping, where it may differ from root. */
#include "operate.h"
#include "place.h"
#include "userfault.h"

static const char *registers(struct ground *ground, long flags)
{
	return do_register_with(ground, (int)flags, UFFDIO_REGISTER_MODE_MISSING);
}

static const struct operation operations[] = {
	OP("madv_hwpoison", do_madvise, 100),
	OP("madv_soft_offline", do_madvise, 101),
	OP("madv_pageout", do_madvise, 21),
	OP("madv_cold", do_madvise, 20),
	OP("madv_dontneed", do_madvise, 4),
	OP("madv_mergeable", do_madvise, 12),
	OP("mlock2", do_mlock2, 0),
	OP("mlock2_onfault", do_mlock2, MLOCK_ONFAULT),
	APART("mlockall_current", do_mlockall, MCL_CURRENT),
	APART("mlockall_future", do_mlockall, MCL_FUTURE),
	OP("mprotect_exec", do_mprotect, PROT_READ | PROT_EXEC),
	OP("mprotect_read_write", do_mprotect, RW),
	OP("proc_mem_write", do_proc_mem, 1),
	OP("process_madvise_willneed", do_process_madvise, 3),
	OP("process_madvise_dontneed", do_process_madvise, 4),
	OP("process_madvise_cold", do_process_madvise, 20),
	OP("process_madvise_collapse", do_process_madvise, 25),
	OP("mbind_move", do_mbind, MPOL_MF_MOVE),
	OP("mbind_move_all", do_mbind, MPOL_MF_MOVE_ALL),
	OP("userfaultfd", registers, 0),
	OP("userfaultfd_user_mode_only", registers, 1),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__as_user__##name)                                                                                  \
	{                                                                                                              \
		sweep_as_user(operations, make_##name);                                                                \
	}
#include "kinds.def"
#undef KIND
