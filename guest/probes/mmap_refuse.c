/* mmap: what it refuses, and with which errno. */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS, NO_FLAG = 0x800000 };

static const char *of_file(int fd, int prot, int flags)
{
	return outcome(call(mmap, space(2), pages(2), prot, flags, fd, 0));
}

static const char *of_memory(int prot, int flags)
{
	return of_file(-1, prot, flags | MAP_ANONYMOUS);
}

PROBE(mmap__refuse_arguments__zero_length)
{
	saw("mmap", outcome(call(mmap, NOWHERE, 0, RW, ANONYMOUS, -1, 0)));
}

PROBE(mmap__refuse_arguments__no_type)
{
	saw("anonymous", of_memory(RW, 0));
	saw("file", of_file(scratch_file(2, 'a'), RW, 0));
}

/* "EINVAL" where every number of the field without a name is refused so */
static const char *unassigned_types(int fd, int flags)
{
	for (int type = 4; type < 16; type++)
		if (type != MAP_DROPPABLE && strcmp(of_file(fd, RW, type | flags), "EINVAL") != 0)
			return "other";
	return "EINVAL";
}

PROBE(mmap__refuse_arguments__unassigned_types)
{
	saw("anonymous", unassigned_types(-1, MAP_ANONYMOUS));
	saw("file", unassigned_types(scratch_file(2, 'a'), 0));
}

PROBE(mmap__refuse_arguments__offset_unaligned)
{
	saw("mmap", outcome(call(mmap, NOWHERE, pages(1), RW, MAP_SHARED, scratch_file(2, 'a'), 512)));
}

PROBE(mmap__refuse_arguments__offset_overflow)
{
	saw("mmap", outcome(call(mmap, NOWHERE, pages(2), RW, MAP_SHARED, scratch_file(2, 'a'), -pages(1))));
}

PROBE(mmap__refuse_arguments__bad_fd)
{
	saw("mmap", of_file(99, RW, MAP_SHARED));
}

PROBE(mmap__refuse_arguments__write_only_file)
{
	int fd = scratch_file(2, 'a');

	reopen(fd, O_WRONLY);
	saw("shared", of_file(fd, PROT_READ, MAP_SHARED));
	saw("private", of_file(fd, PROT_READ, MAP_PRIVATE));
	saw("write", of_file(fd, PROT_WRITE, MAP_SHARED));
}

PROBE(mmap__refuse_arguments__read_only_file_shared_write)
{
	int fd = scratch_file(2, 'a');

	reopen(fd, O_RDONLY);
	saw("shared", of_file(fd, RW, MAP_SHARED));
	saw("validate", of_file(fd, RW, MAP_SHARED_VALIDATE));
}

PROBE(mmap__refuse_arguments__read_only_file_private_write)
{
	int fd = scratch_file(2, 'a');
	char *at;

	reopen(fd, O_RDONLY);
	at = address(call(mmap, space(2), pages(2), RW, MAP_PRIVATE, fd, 0));
	saw("mmap", outcome(at));
	saw("write", poke(at, 'w'));
	saw("file", file_byte(fd, 0));
}

PROBE(mmap__refuse_arguments__append_only_fd)
{
	int fd = scratch_file(2, 'a');

	reopen(fd, O_RDWR | O_APPEND);
	saw("mmap", of_file(fd, RW, MAP_SHARED));
}

PROBE(mmap__refuse_arguments__directory)
{
	saw("mmap", of_file((int)call(openat, AT_FDCWD, "/tmp", O_RDONLY, 0), PROT_READ, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__proc_file)
{
	saw("mmap", of_file((int)call(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY, 0), PROT_READ, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__noexec_file_system)
{
	int fd;

	if (failed(call(unshare, CLONE_NEWNS)) || failed(call(mount, "none", "/tmp", "tmpfs", MS_NOEXEC, NULL)))
		broken("no tmpfs with noexec");
	fd = scratch_file(2, 'a');
	saw("exec", of_file(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE));
	saw("read", of_file(fd, PROT_READ, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__sealed_against_writing)
{
	int fd = memfd("sealed", 2, 'a', MFD_ALLOW_SEALING);

	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE)));
	saw("write", of_file(fd, RW, MAP_SHARED));
	saw("private", of_file(fd, RW, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__sealed_read_only_shared)
{
	int fd = memfd("sealed", 2, 'a', MFD_ALLOW_SEALING);
	char *at;

	call(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE);
	at = address(call(mmap, space(2), pages(2), PROT_READ, MAP_SHARED, fd, 0));
	saw("mmap", outcome(at));
	if (!failed(at))
		saw("mprotect", outcome(call(mprotect, at, pages(2), RW)));
}

PROBE(mmap__refuse_arguments__sealed_against_future_writing)
{
	int fd = memfd("sealed", 2, 'a', MFD_ALLOW_SEALING);
	char *old = mapped(fd, 2, RW, MAP_SHARED);

	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)));
	saw("old", poke(old, 'w'));
	saw("write", of_file(fd, RW, MAP_SHARED));
	saw("read", of_file(fd, PROT_READ, MAP_SHARED));
}

PROBE(mmap__refuse_arguments__unknown_flag_ignored)
{
	int fd = scratch_file(2, 'a');

	saw("shared", of_file(fd, RW, MAP_SHARED | NO_FLAG));
	saw("private", of_file(fd, RW, MAP_PRIVATE | NO_FLAG));
	saw("anonymous", of_memory(RW, MAP_PRIVATE | NO_FLAG));
}

PROBE(mmap__refuse_arguments__unknown_flag_validated)
{
	int fd = scratch_file(2, 'a');

	saw("unknown", of_file(fd, RW, MAP_SHARED_VALIDATE | NO_FLAG));
	saw("known", of_file(fd, RW, MAP_SHARED_VALIDATE | MAP_POPULATE | MAP_NORESERVE | MAP_STACK));
	saw("none", of_file(fd, RW, MAP_SHARED_VALIDATE));
}

PROBE(mmap__refuse_arguments__shared_validate_anonymous)
{
	saw("mmap", of_memory(RW, MAP_SHARED_VALIDATE));
}

PROBE(mmap__refuse_arguments__unknown_protection)
{
	char *at = address(call(mmap, space(1), pages(1), RW | 0x40000000, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	saw("protection", failed(at) ? "unmapped" : protection(at));
}

PROBE(mmap__refuse_arguments__too_long)
{
	saw("all", outcome(call(mmap, NOWHERE, -pages(1), RW, ANONYMOUS, -1, 0)));
	saw("most", outcome(call(mmap, NOWHERE, ~0UL / 2 - pages(1) + 1, PROT_NONE, ANONYMOUS, -1, 0)));
}

PROBE(mmap__refuse_arguments__address_space_limit)
{
	unsigned long now = 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize");

	set_limit(RLIMIT_AS, now + pages(8));
	saw("within", of_memory(RW, MAP_PRIVATE));
	saw("beyond", outcome(call(mmap, space(9), pages(9), RW, ANONYMOUS, -1, 0)));
}

PROBE(mmap__refuse_arguments__data_limit)
{
	set_limit(RLIMIT_DATA, pages(1));
	saw("private", of_memory(RW, MAP_PRIVATE));
	saw("shared", of_memory(RW, MAP_SHARED));
	saw("read_only", of_memory(PROT_READ, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__too_many_mappings)
{
	saw("mmap", outcome(use_up_mappings()));
	saw("again", of_memory(RW, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__write_exec_denied)
{
	long result = call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);

	saw("prctl", outcome(result));
	if (failed(result))
		return;
	saw("write_exec", of_memory(RW | PROT_EXEC, MAP_PRIVATE));
	saw("exec", of_memory(PROT_READ | PROT_EXEC, MAP_PRIVATE));
	saw("write", of_memory(RW, MAP_PRIVATE));
}

PROBE(mmap__refuse_arguments__write_exec_denied_in_child)
{
	in_child {
		call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
		in_child
			saw("inherited", of_memory(RW | PROT_EXEC, MAP_PRIVATE));
	}
	saw("prctl", outcome(call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT, 0, 0, 0)));
	in_child
		saw("not_inherited", of_memory(RW | PROT_EXEC, MAP_PRIVATE));
}
