/* Operations that several sweeps share, see operate.h. */
#include "operate.h"
#include "place.h"
#include "userfault.h"

const char *do_madvise(struct ground *ground, long advice)
{
	return outcome(call(madvise, ground->at, 2 * ground->unit, advice));
}

const char *do_process_madvise(struct ground *ground, long advice)
{
	struct vector range = {ground->at, 2 * ground->unit};
	long self = call(pidfd_open, quiet_call(getpid), 0), result;

	result = call(process_madvise, self, &range, 1, advice, 0);
	quiet_call(close, self);
	return outcome(result);
}

const char *do_mprotect(struct ground *ground, long prot)
{
	return outcome(call(mprotect, ground->at, 2 * ground->unit, prot));
}

const char *do_mlock2(struct ground *ground, long flags)
{
	return outcome(call(mlock2, ground->at, 2 * ground->unit, flags));
}

const char *do_mlockall(struct ground *ground, long flags)
{
	(void)ground;
	return outcome(call(mlockall, flags));
}

const char *do_munlock(struct ground *ground, long units)
{
	return outcome(call(munlock, ground->at, (size_t)units * ground->unit));
}

const char *do_mbind(struct ground *ground, long flags)
{
	return outcome(bind_pages(ground->at, (long)(2 * ground->unit / page_size), MPOL_BIND, 1, (int)flags));
}

const char *read_result(long result, const char *buffer)
{
	return failed(result)                         ? outcome(result)
	       : buffer[0] >= 'a' && buffer[0] <= 'z' ? textf("reads %c", buffer[0])
						      : "ok";
}

const char *do_proc_mem(struct ground *ground, long write)
{
	char letter[1] = {'w'};
	long fd = call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
	long result = write ? call(pwrite64, fd, letter, 1, (long long)(uintptr_t)ground->at)
			    : call(pread64, fd, letter, 1, (long long)(uintptr_t)ground->at);

	quiet_call(close, fd);
	return write ? outcome(result) : read_result(result, letter);
}

const char *do_process_vm(struct ground *ground, long write)
{
	char letter[1] = {'w'};
	struct vector mine = {letter, 1}, theirs = {ground->at, 1};
	long result = write ? call(process_vm_writev, quiet_call(getpid), &mine, 1, &theirs, 1, 0)
			    : call(process_vm_readv, quiet_call(getpid), &mine, 1, &theirs, 1, 0);

	return write ? outcome(result) : read_result(result, letter);
}

const char *do_register_with(struct ground *ground, int flags, long mode)
{
	uint64_t features = mode == UFFDIO_REGISTER_MODE_MINOR ? UFFD_FEATURE_MINOR_SHMEM : 0;
	int fd = userfault(flags, features | UFFD_FEATURE_SIGBUS);
	long result;

	if (failed(fd))
		return textf("userfaultfd %s", outcome(fd));
	result = uffd_register(fd, ground->at, 2 * ground->unit, (uint64_t)mode);
	uffd_unregister(fd, ground->at, 2 * ground->unit);
	quiet_call(close, fd);
	return outcome(result);
}

const char *do_register(struct ground *ground, long mode)
{
	return do_register_with(ground, 0, mode);
}
