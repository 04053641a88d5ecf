/* Who else may read and write it: the kernel for a call, /proc/PID/mem, process_vm_*, process_madvise, NUMA calls. */
#include "sweep.h"
#include "place.h"
#include "userfault.h"

struct vector {
	void *base;
	size_t length;
};

static const char *read_result(long result, const char *buffer)
{
	return failed(result)                         ? outcome(result)
	       : buffer[0] >= 'a' && buffer[0] <= 'z' ? textf("reads %c", buffer[0])
						      : "ok";
}

static const char *mem_file(struct ground *ground, long write)
{
	char letter[1] = {'w'};
	long fd = call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
	long result = write ? call(pwrite64, fd, letter, 1, (long long)(uintptr_t)ground->at)
			    : call(pread64, fd, letter, 1, (long long)(uintptr_t)ground->at);

	quiet_call(close, fd);
	return write ? outcome(result) : read_result(result, letter);
}

static const char *vm_copy(struct ground *ground, long write)
{
	char letter[1] = {'w'};
	struct vector mine = {letter, 1}, theirs = {ground->at, 1};
	long result = write ? call(process_vm_writev, quiet_call(getpid), &mine, 1, &theirs, 1, 0)
			    : call(process_vm_readv, quiet_call(getpid), &mine, 1, &theirs, 1, 0);

	return write ? outcome(result) : read_result(result, letter);
}

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

static const char *advise_process(struct ground *ground, long advice)
{
	struct vector range = {ground->at, 2 * ground->unit};
	long self = call(pidfd_open, quiet_call(getpid), 0), result;

	result = call(process_madvise, self, &range, 1, advice, 0);
	quiet_call(close, self);
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

static const char *bind(struct ground *ground, long flags)
{
	return outcome(bind_pages(ground->at, (long)(2 * ground->unit / page_size), MPOL_BIND, 1, (int)flags));
}

static const char *cached(struct ground *ground, long unused)
{
	uint64_t range[2] = {0, 0}, seen[5];

	(void)unused;
	return outcome(call(cachestat, ground->fd, range, seen, 0));
}

static const char *registers(struct ground *ground, long mode)
{
	int fd = userfault(0, mode == UFFDIO_REGISTER_MODE_MINOR ? UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_SIGBUS
								 : UFFD_FEATURE_SIGBUS);
	long result;

	if (failed(fd))
		return textf("userfaultfd %s", outcome(fd));
	result = uffd_register(fd, ground->at, 2 * ground->unit, (uint64_t)mode);
	uffd_unregister(fd, ground->at, 2 * ground->unit);
	quiet_call(close, fd);
	return outcome(result);
}

static const struct operation operations[] = {
	OP("proc_mem_read", mem_file, 0),
	OP("proc_mem_write", mem_file, 1),
	OP("process_vm_readv", vm_copy, 0),
	OP("process_vm_writev", vm_copy, 1),
	OP("write_from_it", kernel_copies, 0),
	OP("read_into_it", kernel_copies, 1),
	OP("vmsplice", gift_to_a_pipe, 0),
	OP("vmsplice_gift", gift_to_a_pipe, 8),
	OP("process_madvise_willneed", advise_process, 3),
	OP("process_madvise_dontneed", advise_process, 4),
	OP("process_madvise_free", advise_process, 8),
	OP("process_madvise_cold", advise_process, 20),
	OP("process_madvise_pageout", advise_process, 21),
	OP("process_madvise_collapse", advise_process, 25),
	OP("process_madvise_guard_install", advise_process, 102),
	OP("move_pages_query", ask_node, 0),
	OP("move_pages_to_0", move, 0),
	OP("move_pages_to_1", move, 1),
	OP("mbind", bind, 0),
	OP("mbind_move", bind, MPOL_MF_MOVE),
	OP("mbind_strict", bind, MPOL_MF_STRICT),
	OP("cachestat", cached, 0),
	OP("uffdio_register_missing", registers, UFFDIO_REGISTER_MODE_MISSING),
	OP("uffdio_register_wp", registers, UFFDIO_REGISTER_MODE_WP),
	OP("uffdio_register_minor", registers, UFFDIO_REGISTER_MODE_MINOR),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__access__##name)                                                                                   \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
