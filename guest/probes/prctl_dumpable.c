#include "probe.h"
#include <linux/capability.h>

static const char *state(void)
{
	return textf("%ld", call(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
}

static long set_dumpable(unsigned long value)
{
	return call(prctl, PR_SET_DUMPABLE, value, 0, 0, 0);
}

/* Opening a file of another process: "ok" or the errno. */
static const char *opens(int pid, const char *file, int flags)
{
	int fd = (int)call(openat, AT_FDCWD, textf("/proc/%d/%s", pid, file), flags, 0);

	if (failed(fd))
		return outcome(fd);
	call(close, fd);
	return "ok";
}

PROBE(prctl__set_dumpable__values)
{
	saw("before", state());
	saw("zero", outcome(set_dumpable(0)));
	saw("after_zero", state());
	saw("two", outcome(set_dumpable(2)));
	saw("three", outcome(set_dumpable(3)));
	saw("after", state());
	saw("one", outcome(set_dumpable(1)));
	saw("after_one", state());
}

PROBE(prctl__set_dumpable__memory_of_a_child)
{
	int mine;

	become_user();
	mine = other_process();
	saw("mem", opens(mine, "mem", O_RDWR));
	saw("maps", opens(mine, "maps", O_RDONLY));
	saw("pagemap", opens(mine, "pagemap", O_RDONLY));
	saw("smaps", opens(mine, "smaps", O_RDONLY));
	saw("clear_refs", opens(mine, "clear_refs", O_WRONLY));
	saw("status", opens(mine, "status", O_RDONLY));
}

PROBE(prctl__set_dumpable__memory_of_an_undumpable_child)
{
	int hidden;

	become_user();
	set_dumpable(0);
	hidden = other_process(); /* a fork inherits it */
	saw("mem", opens(hidden, "mem", O_RDWR));
	saw("maps", opens(hidden, "maps", O_RDONLY));
	saw("pagemap", opens(hidden, "pagemap", O_RDONLY));
	saw("smaps", opens(hidden, "smaps", O_RDONLY));
	saw("clear_refs", opens(hidden, "clear_refs", O_WRONLY));
	saw("status", opens(hidden, "status", O_RDONLY));
}

PROBE(prctl__set_dumpable__own_memory)
{
	become_user();
	set_dumpable(0);
	saw("mem", opens((int)call(getpid), "mem", O_RDWR));
	saw("maps", opens((int)call(getpid), "maps", O_RDONLY));
	saw("pagemap", opens((int)call(getpid), "pagemap", O_RDONLY));
	set_dumpable(1);
	saw("mem_again", opens((int)call(getpid), "mem", O_RDWR));
}

PROBE(prctl__set_dumpable__root_sees_all)
{
	int hidden;

	set_dumpable(0);
	hidden = other_process();
	saw("mem", opens(hidden, "mem", O_RDWR));
	drop_capability(CAP_SYS_PTRACE);
	saw("mem_without_sys_ptrace", opens(hidden, "mem", O_RDWR));
	saw("maps_without_sys_ptrace", opens(hidden, "maps", O_RDONLY));
}

PROBE(prctl__set_dumpable__lost_with_the_user)
{
	saw("before", state());
	if (failed(call(setresuid, 65534, 65534, 65534)))
		broken("setresuid");
	saw("after_setresuid", state());
}

PROBE(prctl__set_io_flusher__get)
{
	saw("before", outcome(call(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0)));
	saw("set", outcome(call(prctl, PR_SET_IO_FLUSHER, 1, 0, 0, 0)));
	saw("after", (long)call(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	saw("two", outcome(call(prctl, PR_SET_IO_FLUSHER, 2, 0, 0, 0)));
	saw("third", outcome(call(prctl, PR_SET_IO_FLUSHER, 1, 1, 0, 0)));
	in_child
		saw("child", (long)call(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	drop_capability(CAP_SYS_RESOURCE);
	saw("without_sys_resource", outcome(call(prctl, PR_SET_IO_FLUSHER, 0, 0, 0, 0)));
}

PROBE(prctl__set_tagged_addr_ctrl__accepted)
{
	char *at = anon(1, 'k');

	saw("get", outcome(call(prctl, PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0)));
	saw("set", outcome(call(prctl, PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0)));
	saw("unknown", outcome(call(prctl, PR_SET_TAGGED_ADDR_CTRL, 1UL << 30, 0, 0, 0)));
	saw("tagged_madvise", outcome(call(madvise, (uintptr_t)at | (uint64_t)0x5a << 56, pages(1), MADV_NORMAL)));
	saw("tagged_mlock", outcome(call(mlock, (uintptr_t)at | (uint64_t)0x5a << 56, pages(1))));
}
