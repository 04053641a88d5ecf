/* Who else may read and write it: the kernel for a call, /proc/PID/mem, process_vm_*, process_madvise, NUMA calls. */
#include "operate.h"
#include "place.h"
#include "userfault.h"

static const char *kernel_copies(struct ground *ground, long write)
{
	int ends[2];
	long result;

	if (failed(quiet_call(pipe2, ends, 0)))
		broken("pipe2");
	if (write) {
		quiet_call(write, ends[1], "w", 1);
		result = call(read, ends[0], ground->at, 1);
	} else {
		result = call(write, ends[1], ground->at, 1);
	}
	quiet_call(close, ends[0]);
	quiet_call(close, ends[1]);
	return outcome(result);
}

static const char *gift_to_a_pipe(struct ground *ground, long flags)
{
	int ends[2];
	struct vector mine = {ground->at, ground->unit};
	long result;

	if (failed(quiet_call(pipe2, ends, 0)))
		broken("pipe2");
	result = call(vmsplice, ends[1], &mine, 1, flags);
	quiet_call(close, ends[0]);
	quiet_call(close, ends[1]);
	return outcome(result);
}

static const char *ask_node(struct ground *ground, long unused)
{
	(void)unused;
	return node_of(ground->at);
}

static const char *move(struct ground *ground, long node)
{
	return move_to(ground->at, (int)node);
}

static const char *cached(struct ground *ground, long unused)
{
	uint64_t range[2] = {0, 0}, seen[5];

	(void)unused;
	if (ground->dax) /* some kernels die of it: cachestat.count_cached_pages.of_dax asks, alone */
		return "not asked";
	return outcome(call(cachestat, ground->fd, range, seen, 0));
}

static const struct operation operations[] = {
	OP("proc_mem_read", do_proc_mem, 0),
	OP("proc_mem_write", do_proc_mem, 1),
	OP("process_vm_readv", do_process_vm, 0),
	OP("process_vm_writev", do_process_vm, 1),
	OP("write_from_it", kernel_copies, 0),
	OP("read_into_it", kernel_copies, 1),
	OP("vmsplice", gift_to_a_pipe, 0),
	OP("vmsplice_gift", gift_to_a_pipe, 8),
	OP("process_madvise_willneed", do_process_madvise, 3),
	OP("process_madvise_dontneed", do_process_madvise, 4),
	OP("process_madvise_free", do_process_madvise, 8),
	OP("process_madvise_cold", do_process_madvise, 20),
	OP("process_madvise_pageout", do_process_madvise, 21),
	OP("process_madvise_collapse", do_process_madvise, 25),
	OP("process_madvise_guard_install", do_process_madvise, 102),
	OP("move_pages_query", ask_node, 0),
	OP("move_pages_to_0", move, 0),
	OP("move_pages_to_1", move, 1),
	OP("mbind", do_mbind, 0),
	OP("mbind_move", do_mbind, MPOL_MF_MOVE),
	OP("mbind_strict", do_mbind, MPOL_MF_STRICT),
	OP("cachestat", cached, 0),
	OP("uffdio_register_missing", do_register, UFFDIO_REGISTER_MODE_MISSING),
	OP("uffdio_register_wp", do_register, UFFDIO_REGISTER_MODE_WP),
	OP("uffdio_register_minor", do_register, UFFDIO_REGISTER_MODE_MINOR),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__access__##name)                                                                                   \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
