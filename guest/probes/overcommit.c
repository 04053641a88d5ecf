#include "place.h"
#include "newer.h"

#define VM "/proc/sys/vm/"
#define MIB(n) ((size_t)(n) << 20)
/* More than any machine of this width has */
#define TOO_MUCH (sizeof(long) == 8 ? (size_t)((uint64_t)1 << 40) : (size_t)1 << 30)

static const char *mapped_size(size_t bytes, int flags)
{
	return outcome(call(mmap, NOWHERE, bytes, RW, MAP_ANONYMOUS | flags, -1, 0));
}

/* Commitments limited to about 200 MiB, by the sum of what all processes have asked for */
static void strict(void)
{
	set_knob(VM "overcommit_ratio", "50"); /* setting one clears the other: both are restored */
	set_knob(VM "overcommit_kbytes", "200000");
	set_knob(VM "admin_reserve_kbytes", "0");
	set_knob(VM "user_reserve_kbytes", "0");
	set_knob(VM "overcommit_memory", "2");
}

/* By how many times 64 MiB Committed_AS grew, within an eighth */
static const char *grown(long before)
{
	long by = proc_number("/proc/meminfo", "Committed_AS") - before, unit = 64 << 10;

	if (by > -unit / 8 && by < unit / 8)
		return "none";
	return by > unit * 7 / 8 && by < unit * 9 / 8 ? "all" : "other";
}

static long committed(void)
{
	return proc_number("/proc/meminfo", "Committed_AS");
}

PROBE(overcommit__modes__heuristic)
{
	set_knob(VM "overcommit_memory", "0");
	saw("small", mapped_size(MIB(64), MAP_PRIVATE));
	saw("obvious", mapped_size(TOO_MUCH, MAP_PRIVATE));
	saw("noreserve", mapped_size(TOO_MUCH, MAP_PRIVATE | MAP_NORESERVE));
	saw("shared", mapped_size(TOO_MUCH, MAP_SHARED));
	saw("shared_noreserve", mapped_size(TOO_MUCH, MAP_SHARED | MAP_NORESERVE));
}

PROBE(overcommit__modes__heuristic_in_pieces)
{
	const char *seen = "ok";

	set_knob(VM "overcommit_memory", "0");
	for (int i = 0; i < 16 && strcmp(seen, "ok") == 0; i++)
		seen = mapped_size(MIB(128), MAP_PRIVATE);
	saw("all", seen);
}

PROBE(overcommit__modes__always)
{
	set_knob(VM "overcommit_memory", "1");
	saw("private", mapped_size(TOO_MUCH, MAP_PRIVATE));
	saw("shared", mapped_size(TOO_MUCH, MAP_SHARED));
}

PROBE(overcommit__modes__never)
{
	strict();
	saw("small", mapped_size(MIB(32), MAP_PRIVATE));
	saw("large", mapped_size(MIB(256), MAP_PRIVATE));
}

PROBE(overcommit__modes__never_noreserve)
{
	strict();
	saw("noreserve", mapped_size(MIB(256), MAP_PRIVATE | MAP_NORESERVE));
}

PROBE(overcommit__modes__never_what_counts)
{
	int fd = memfd("sparse", 0, 0, 0);

	call(ftruncate, fd, (long long)MIB(256));
	strict();
	saw("read_only", outcome(call(mmap, NOWHERE, MIB(256), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
	saw("none", outcome(call(mmap, NOWHERE, MIB(256), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
	saw("shared_file", outcome(call(mmap, NOWHERE, MIB(256), RW, MAP_SHARED, fd, 0)));
	saw("private_file_read", outcome(call(mmap, NOWHERE, MIB(256), PROT_READ, MAP_PRIVATE, fd, 0)));
	saw("private_file_write", outcome(call(mmap, NOWHERE, MIB(256), RW, MAP_PRIVATE, fd, 0)));
	saw("shared_anonymous", mapped_size(MIB(256), MAP_SHARED));
}

PROBE(overcommit__modes__never_mprotect)
{
	char *at = address(call(mmap, NOWHERE, MIB(256), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	strict();
	saw("mprotect", outcome(call(mprotect, at, MIB(256), RW)));
	saw("protection", protection(at));
}

PROBE(overcommit__modes__never_mremap)
{
	char *at = anon(1, 'k');

	strict();
	saw("mremap", outcome(call(mremap, at, pages(1), MIB(256), MREMAP_MAYMOVE)));
}

PROBE(overcommit__modes__never_brk)
{
	long now = call(brk, 0);

	strict();
	saw("brk", call(brk, now + (long)MIB(256)) == now ? "refused" : "ok");
}

PROBE(overcommit__modes__never_fork)
{
	uint64_t child[8] = {[4] = 17 /* SIGCHLD */};
	long result;

	mapped_size(MIB(128), MAP_PRIVATE);
	strict();
	result = call(clone3, child, sizeof(child));
	if (result == 0)
		call(kill, (int)call(getpid), 9);
	saw("fork", outcome(result));
}

PROBE(overcommit__modes__never_segment)
{
	long id;

	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	strict();
	id = call(shmget, 0, MIB(256), 01000 | 0600);
	saw("shmget", outcome(id));
	id = call(shmget, 0, MIB(256), 010000 | 01000 | 0600);
	saw("noreserve", outcome(id));
}

PROBE(overcommit__modes__never_growsdown)
{
	strict();
	saw("mmap", outcome(call(mmap, NOWHERE, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0)));
}

PROBE(overcommit__modes__mode_values)
{
	saw("default", knob(VM "overcommit_memory"));
	saw("at_3", try_knob(VM "overcommit_memory", "3"));
	saw("negative", try_knob(VM "overcommit_memory", "-1"));
}

PROBE(overcommit__reserve__admin)
{
	strict();
	set_knob(VM "admin_reserve_kbytes", "190000");
	saw("root", mapped_size(MIB(64), MAP_PRIVATE));
	in_child {
		become_user();
		saw("user", mapped_size(MIB(64), MAP_PRIVATE));
	}
}

PROBE(overcommit__reserve__user)
{
	strict();
	set_knob(VM "user_reserve_kbytes", "190000");
	saw("mmap", mapped_size(MIB(32), MAP_PRIVATE));
}

PROBE(overcommit__limit__kbytes)
{
	set_knob(VM "overcommit_ratio", "50"); /* setting one clears the other: both are restored */
	set_knob(VM "overcommit_kbytes", "200000");
	saw("limit", proc_number("/proc/meminfo", "CommitLimit"));
	saw("ratio", file_word(VM "overcommit_ratio"));
}

PROBE(overcommit__limit__ratio)
{
	set_knob(VM "overcommit_ratio", "50");

	long limit = proc_number("/proc/meminfo", "CommitLimit"), total = proc_number("/proc/meminfo", "MemTotal");

	saw("half", yes(limit <= total / 2 && limit >= total / 2 - 256));
	saw("kbytes", file_word(VM "overcommit_kbytes"));
}

PROBE(overcommit__limit__defaults)
{
	saw("ratio", knob(VM "overcommit_ratio"));
	saw("kbytes", knob(VM "overcommit_kbytes"));
	saw("user_reserve_kbytes", yes(strcmp(knob(VM "user_reserve_kbytes"), "0") != 0));
	saw("ratio_negative", try_knob(VM "overcommit_ratio", "-1"));
	saw("ratio_large", try_knob(VM "overcommit_ratio", "1000"));
}

PROBE(overcommit__accounting__private)
{
	long before = committed();

	mapped_size(MIB(64), MAP_PRIVATE);
	saw("grown", grown(before));
}

PROBE(overcommit__accounting__noreserve)
{
	long before = committed();

	mapped_size(MIB(64), MAP_PRIVATE | MAP_NORESERVE);
	saw("grown", grown(before));
}

PROBE(overcommit__accounting__shared)
{
	long before = committed();

	mapped_size(MIB(64), MAP_SHARED);
	saw("shared", grown(before));
	before = committed();
	mapped_size(MIB(64), MAP_SHARED | MAP_NORESERVE);
	saw("noreserve", grown(before));
}

PROBE(overcommit__accounting__read_only)
{
	long before = committed();
	char *at = address(call(mmap, NOWHERE, MIB(64), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	saw("read_only", grown(before));
	call(mprotect, at, MIB(64), RW);
	saw("writable", grown(before));
	saw("ac", vm_flag(at, "ac"));
	call(mprotect, at, MIB(64), PROT_READ);
	saw("read_only_again", grown(before));
}

PROBE(overcommit__accounting__munmap)
{
	long before = committed();
	char *at = address(call(mmap, NOWHERE, MIB(64), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	call(munmap, at, MIB(64));
	saw("left", grown(before));
}

PROBE(overcommit__accounting__stack_mapping)
{
	long before = committed();

	mapped_size(MIB(64), MAP_PRIVATE | MAP_STACK);
	saw("grown", grown(before));
}

PROBE(overcommit__accounting__droppable)
{
	long before = committed();

	saw("mmap", mapped_size(MIB(64), MAP_DROPPABLE));
	saw("grown", grown(before));
}

PROBE(overcommit__accounting__huge_pages)
{
	long before = committed();

	call(mmap, NOWHERE, huge_size(), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	saw("grown", grown(before));
}
