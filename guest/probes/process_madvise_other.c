#include <linux/uio.h>
#include "place.h"
#include "settle.h"

enum { CAP_PTRACE = 19, CAP_NICE = 23 }; /* CAP_SYS_PTRACE, CAP_SYS_NICE: linux/capability.h */

static const char *advise(int pid, void *at, long n, int advice)
{
	struct iovec range = {at, pages(n)};
	int fd = (int)call(pidfd_open, pid, 0);
	long result;

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	result = call(process_madvise, fd, &range, 1, advice, 0);
	call(close, fd);
	return failed(result) ? outcome(result) : result == (long)pages(n) ? "ok" : "less";
}

static void one_advice(int advice)
{
	char *at = anon(2, 'k');
	int pid = other_process();

	saw("advised", advise(pid, at, 2, advice));
	saw("own", contents(at, 2));
	end_other(pid);
}

PROBE(process_madvise__allowed_advice__cold)
{
	one_advice(MADV_COLD);
}

PROBE(process_madvise__allowed_advice__pageout)
{
	one_advice(MADV_PAGEOUT);
}

PROBE(process_madvise__allowed_advice__willneed)
{
	one_advice(MADV_WILLNEED);
}

PROBE(process_madvise__allowed_advice__dontneed)
{
	one_advice(MADV_DONTNEED);
}

PROBE(process_madvise__allowed_advice__free)
{
	one_advice(MADV_FREE);
}

PROBE(process_madvise__allowed_advice__random)
{
	one_advice(MADV_RANDOM);
}

PROBE(process_madvise__allowed_advice__populate_write)
{
	one_advice(MADV_POPULATE_WRITE);
}

PROBE(process_madvise__allowed_advice__hugepage)
{
	one_advice(MADV_HUGEPAGE);
}

PROBE(process_madvise__allowed_advice__guard_install)
{
	one_advice(MADV_GUARD_INSTALL);
}

PROBE(process_madvise__allowed_advice__unassigned)
{
	one_advice(99);
}

/* The child advises its parent, whose pages stay its own alone: MADV_DONTFORK. */
PROBE(process_madvise__allowed_advice__collapse_in_another)
{
	long n = (long)(huge_size() / page_size);
	char *at = anon(n, 0);
	int parent = (int)call(getpid);

	poke(at, 'k');
	call(madvise, at, pages(n), MADV_DONTFORK);
	in_child
		saw("advised", advise(parent, at, n, MADV_COLLAPSE));
	saw("huge", yes(smaps_pages(at, "AnonHugePages") > 0));
	saw("after", peek(at));
}

PROBE(process_madvise__allowed_advice__pages_out_anothers_memory)
{
	char *at = anon(4, 'k');
	int pid;
	char status[40];

	saw("swapon", outcome(call(swapon, swap_file(64), 0)));
	pid = other_process();
	call(munmap, at, pages(4));
	strcpy(status, textf("/proc/%d/status", pid));
	drain();
	saw("advised", advise(pid, at, 4, MADV_PAGEOUT));
	saw("swapped", proc_number(status, "VmSwap:") / (long)(page_size >> 10));
	end_other(pid);
}

/* The other is root's or our own, ours to trace; what may we still do to it? */
static void from(void (*become_less)(void))
{
	char *at = anon(2, 'k');
	int pid = other_process();

	become_less();
	saw("advised", advise(pid, at, 2, MADV_COLD));
	saw("oneself", advise((int)call(getpid), at, 2, MADV_COLD));
}

static void no_nice(void)
{
	drop_capability(CAP_NICE);
}

static void no_ptrace(void)
{
	drop_capability(CAP_PTRACE);
}

static void neither(void)
{
	drop_capability(CAP_NICE);
	drop_capability(CAP_PTRACE);
}

PROBE(process_madvise__permission__root)
{
	char *at = anon(2, 'k');
	int pid = other_process();

	saw("advised", advise(pid, at, 2, MADV_COLD));
	saw("process_1", advise(1, at, 2, MADV_COLD));
}

PROBE(process_madvise__permission__without_sys_nice)
{
	from(no_nice);
}

PROBE(process_madvise__permission__without_sys_ptrace)
{
	from(no_ptrace);
}

PROBE(process_madvise__permission__without_both)
{
	from(neither);
}

PROBE(process_madvise__permission__user_on_roots)
{
	from(become_user);
}

PROBE(process_madvise__permission__user_on_ones_own)
{
	char *at = anon(2, 'k');

	become_user();
	saw("advised", advise(other_process(), at, 2, MADV_COLD));
	saw("oneself", advise((int)call(getpid), at, 2, MADV_COLD));
}

PROBE(process_madvise__permission__kernel_thread)
{
	saw("advised", advise(2, anon(1, 'k'), 1, MADV_COLD));
}
