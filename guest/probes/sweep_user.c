/* What an ordinary user may do to each kind of mapping, where it may differ from root. */
#include "sweep.h"
#include "place.h"
#include "userfault.h"

struct vector {
	void *base;
	size_t length;
};

static const char *advise(struct ground *ground, long advice)
{
	return outcome(call(madvise, ground->at, 2 * ground->unit, advice));
}

static const char *lock(struct ground *ground, long flags)
{
	return outcome(call(mlock2, ground->at, 2 * ground->unit, flags));
}

static const char *lock_all(struct ground *ground, long flags)
{
	(void)ground;
	return outcome(call(mlockall, flags));
}

static const char *protect(struct ground *ground, long prot)
{
	return outcome(call(mprotect, ground->at, 2 * ground->unit, prot));
}

static const char *advise_process(struct ground *ground, long advice)
{
	struct vector range = {ground->at, 2 * ground->unit};
	long self = call(pidfd_open, quiet_call(getpid), 0), result;

	result = call(process_madvise, self, &range, 1, advice, 0);
	quiet_call(close, self);
	return outcome(result);
}

static const char *bind(struct ground *ground, long flags)
{
	return outcome(bind_pages(ground->at, (long)(2 * ground->unit / page_size), MPOL_BIND, 1, (int)flags));
}

static const char *registers(struct ground *ground, long flags)
{
	int fd = userfault((int)flags, UFFD_FEATURE_SIGBUS);
	long result;

	if (failed(fd))
		return textf("userfaultfd %s", outcome(fd));
	result = uffd_register(fd, ground->at, 2 * ground->unit, UFFDIO_REGISTER_MODE_MISSING);
	uffd_unregister(fd, ground->at, 2 * ground->unit);
	quiet_call(close, fd);
	return outcome(result);
}

static const char *mem_file(struct ground *ground, long unused)
{
	long fd = call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0), result;

	(void)unused;
	result = call(pwrite64, fd, "w", 1, (long long)(uintptr_t)ground->at);
	quiet_call(close, fd);
	return outcome(result);
}

static const struct operation operations[] = {
	OP("madv_hwpoison", advise, 100),
	OP("madv_soft_offline", advise, 101),
	OP("madv_pageout", advise, 21),
	OP("madv_cold", advise, 20),
	OP("madv_dontneed", advise, 4),
	OP("madv_mergeable", advise, 12),
	OP("mlock2", lock, 0),
	OP("mlock2_onfault", lock, MLOCK_ONFAULT),
	APART("mlockall_current", lock_all, MCL_CURRENT),
	APART("mlockall_future", lock_all, MCL_FUTURE),
	OP("mprotect_exec", protect, PROT_READ | PROT_EXEC),
	OP("mprotect_read_write", protect, RW),
	OP("proc_mem_write", mem_file, 0),
	OP("process_madvise_willneed", advise_process, 3),
	OP("process_madvise_dontneed", advise_process, 4),
	OP("process_madvise_cold", advise_process, 20),
	OP("process_madvise_collapse", advise_process, 25),
	OP("mbind_move", bind, MPOL_MF_MOVE),
	OP("mbind_move_all", bind, MPOL_MF_MOVE_ALL),
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
