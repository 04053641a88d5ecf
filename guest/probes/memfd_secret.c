#include "probe.h"
#include <linux/resource.h>
#include <linux/uio.h>

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

/* The descriptor of n pages of secret memory, or -1 after saying what the call answered. */
static int secret(long n)
{
	int fd = (int)call(memfd_secret, 0);

	saw("create", outcome(fd));
	if (failed(fd))
		return -1;
	if (n && failed(call(ftruncate, fd, (long long)pages(n))))
		broken("ftruncate of secret memory");
	return fd;
}

static char *secret_pages(long n)
{
	int fd = secret(n);

	return fd < 0 ? NULL : mapped(fd, n, RW, MAP_SHARED);
}

PROBE(memfd_secret__create_secret_memory__usable)
{
	char *at = secret_pages(2);

	if (!at)
		return;
	saw("write", poke_pages(at, 2, 's'));
	saw("content", contents(at, 2));
	saw("name", mapping_name(at));
	saw("populated", populated(at, 2));
}

PROBE(memfd_secret__create_secret_memory__flags)
{
	saw("cloexec", outcome(call(memfd_secret, O_CLOEXEC)));
	saw("one", outcome(call(memfd_secret, 1)));
	saw("high", outcome(call(memfd_secret, 0x40000000)));
}

PROBE(memfd_secret__create_secret_memory__size_is_set_once)
{
	int fd = secret(0);

	if (fd < 0)
		return;
	saw("first", outcome(call(ftruncate, fd, (long long)pages(1))));
	saw("same", outcome(call(ftruncate, fd, (long long)pages(1))));
	saw("larger", outcome(call(ftruncate, fd, (long long)pages(2))));
	saw("zero", outcome(call(ftruncate, fd, 0LL)));
	saw("fallocate", outcome(call(fallocate, fd, 0, 0LL, (long long)pages(2))));
}

PROBE(memfd_secret__create_secret_memory__mappings)
{
	int fd = secret(2);

	if (fd < 0)
		return;
	saw("private", outcome(call(mmap, space(1), pages(1), RW, MAP_PRIVATE, fd, 0)));
	saw("read_only", outcome(call(mmap, space(1), pages(1), PROT_READ, MAP_SHARED, fd, 0)));
	saw("executable", outcome(call(mmap, space(1), pages(1), PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0)));
	saw("validate", outcome(call(mmap, space(1), pages(1), RW, MAP_SHARED_VALIDATE, fd, 0)));
	saw("populate", outcome(call(mmap, space(2), pages(2), RW, MAP_SHARED | MAP_POPULATE, fd, 0)));
}

PROBE(memfd_secret__create_secret_memory__beyond_its_end)
{
	int fd = secret(1);
	char *at;

	if (fd < 0)
		return;
	at = mapped(fd, 2, RW, MAP_SHARED);
	saw("within", poke(at, 's'));
	saw("beyond", poke(at + pages(1), 's'));
}

PROBE(memfd_secret__create_secret_memory__file_operations)
{
	int fd = secret(1);
	char byte[4] = "x";

	if (fd < 0)
		return;
	saw("read", outcome(call(read, fd, byte, 1)));
	saw("write", outcome(call(write, fd, byte, 1)));
	saw("lseek", outcome(call(lseek, fd, 0, 2)));
	saw("seals", outcome(call(fcntl, fd, F_GET_SEALS, 0)));
	saw("reopen", outcome(call(openat, AT_FDCWD, textf("/proc/self/fd/%d", fd), O_RDWR, 0)));
}

PROBE(memfd_secret__hide_from_the_kernel__other_ways_to_read)
{
	char *at = secret_pages(1), *to;
	struct iovec local, remote;
	int mem;

	if (!at)
		return;
	poke(at, 's');
	to = anon(1, 0);
	local = (struct iovec){to, 1};
	remote = (struct iovec){at, 1};
	mem = (int)call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
	saw("proc_mem_read", outcome(call(pread64, mem, to, 1, (long long)(uintptr_t)at)));
	saw("proc_mem_write", outcome(call(pwrite64, mem, to, 1, (long long)(uintptr_t)at)));
	saw("process_vm_readv", outcome(call(process_vm_readv, call(getpid), &local, 1, &remote, 1, 0)));
	saw("process_vm_writev", outcome(call(process_vm_writev, call(getpid), &local, 1, &remote, 1, 0)));
	saw("as_a_buffer", outcome(call(pwrite64, scratch_file(1, 0), at, 1, 0LL)));
	saw("content", peek(at));
}

PROBE(memfd_secret__hide_from_the_kernel__system_calls_copy)
{
	char *at = secret_pages(1);
	int fd;

	if (!at)
		return;
	poke(at, 's');
	fd = scratch_file(1, 'f');
	saw("write_from", outcome(call(pwrite64, fd, at, 1, 0LL)));
	saw("read_into", outcome(call(pread64, fd, at + 1, 1, 0LL)));
	saw("content", peek(at + 1));
}

PROBE(memfd_secret__hide_from_the_kernel__direct_io)
{
	char *at = secret_pages(1);
	int fd = ext4_file(1, 'f'), direct;

	if (!at)
		return;
	poke(at, 's');
	direct = (int)call(openat, AT_FDCWD, textf("/proc/self/fd/%d", fd), O_RDWR | O_DIRECT, 0);
	saw("open", failed(direct) ? outcome(direct) : "ok");
	saw("read_into", outcome(call(pread64, direct, at, pages(1), 0LL)));
	saw("write_from", outcome(call(pwrite64, direct, at, pages(1), 0LL)));
}

PROBE(memfd_secret__hide_from_the_kernel__fork_shares)
{
	char *at = secret_pages(1);

	if (!at)
		return;
	poke(at, 's');
	in_child {
		saw("child", peek(at));
		saw("child_locked", vm_flag(at, "lo"));
		poke(at, 'c');
	}
	saw("parent", peek(at));
}

PROBE(memfd_secret__lock_secret_memory__flags)
{
	char *at = secret_pages(2);

	if (!at)
		return;
	saw("lo", vm_flag(at, "lo"));
	saw("dd", vm_flag(at, "dd"));
	saw("vmlck", locked_pages());
	saw("munlock", outcome(call(munlock, at, pages(2))));
	saw("lo_after", vm_flag(at, "lo"));
	saw("munlockall", outcome(call(munlockall)));
	saw("lo_after_all", vm_flag(at, "lo"));
	saw("vmlck_after", locked_pages());
}

PROBE(memfd_secret__lock_secret_memory__mlock)
{
	char *at = secret_pages(2);

	if (!at)
		return;
	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("on_fault", outcome(call(mlock2, at, pages(2), MLOCK_ONFAULT)));
	saw("populated", populated(at, 2));
	saw("vmlck", locked_pages());
}

PROBE(memfd_secret__lock_secret_memory__limit)
{
	int fd = secret(8);

	if (fd < 0)
		return;
	set_hard_limit(RLIMIT_MEMLOCK, pages(2));
	become_user();
	saw("over", outcome(call(mmap, space(3), pages(3), RW, MAP_SHARED, fd, 0)));
	saw("within", outcome(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, 0)));
	saw("then_another", outcome(call(mmap, space(1), pages(1), RW, MAP_SHARED, fd, 0)));
}

/* How many of n pages can be touched before one answers with a signal. */
static long touchable(char *at, long n)
{
	long i = 0;

	while (i < n && strcmp(poke(at + pages(i), 's'), "ok") == 0)
		i++;
	return i;
}

static void touch_under_limit(int fd)
{
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED, fd, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("touched", touchable(at, 4));
	saw("last", peek(at + pages(3)));
	saw("unmapped", outcome(call(munmap, at, pages(4))));
}

PROBE(memfd_secret__lock_secret_memory__touch_beyond_limit)
{
	int fd = secret(4);

	if (fd < 0)
		return;
	set_hard_limit(RLIMIT_MEMLOCK, pages(2));
	become_user();
	touch_under_limit(fd);
}

PROBE(memfd_secret__lock_secret_memory__root_beyond_limit)
{
	int fd = secret(4);

	if (fd < 0)
		return;
	set_hard_limit(RLIMIT_MEMLOCK, pages(2));
	touch_under_limit(fd);
}

PROBE(memfd_secret__lock_secret_memory__mapped_twice)
{
	int fd = secret(2);
	char *one, *two;

	if (fd < 0)
		return;
	set_hard_limit(RLIMIT_MEMLOCK, pages(3));
	become_user();
	one = address(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, 0));
	two = address(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, 0));
	saw("first", outcome(one));
	saw("second", outcome(two));
	if (!failed(one))
		saw("touched", touchable(one, 2));
}

PROBE(memfd_secret__lock_secret_memory__advice)
{
	char *at = secret_pages(2);

	if (!at)
		return;
	poke_pages(at, 2, 's');
	saw("dontneed", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	saw("pageout", outcome(call(madvise, at, pages(2), MADV_PAGEOUT)));
	saw("remove", outcome(call(madvise, at, pages(2), MADV_REMOVE)));
	saw("dodump", outcome(call(madvise, at, pages(2), MADV_DODUMP)));
	saw("populate_write", outcome(call(madvise, at, pages(2), MADV_POPULATE_WRITE)));
	saw("guard_install", outcome(call(madvise, at, pages(2), MADV_GUARD_INSTALL)));
	saw("msync", outcome(call(msync, at, pages(2), MS_SYNC)));
}

PROBE(memfd_secret__lock_secret_memory__mremap)
{
	char *at = secret_pages(2), *to;

	if (!at)
		return;
	poke_pages(at, 2, 's');
	to = space(4);
	saw("expand", outcome(call(mremap, at, pages(2), pages(4), 0)));
	saw("copy", outcome(call(mremap, at, 0, pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("content", contents(at, 2));
	saw("vmlck", locked_pages());
}
