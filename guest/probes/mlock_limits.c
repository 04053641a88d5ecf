#include "probe.h"
#include <linux/capability.h>
#include <linux/resource.h>

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

static const char *kibibytes(uint64_t bytes)
{
	return bytes == ~0ULL ? "unlimited" : textf("%llu", (unsigned long long)bytes >> 10);
}

/* An ordinary user who may lock this many pages. */
static void user_with(long n)
{
	set_hard_limit(RLIMIT_MEMLOCK, pages(n));
	become_user();
}

PROBE(mlock__limit_of_locked_memory__default_kib)
{
	uint64_t limit[2] = {0, 0};

	saw("prlimit", outcome(call(prlimit64, 0, RLIMIT_MEMLOCK, NULL, limit)));
	saw("soft", kibibytes(limit[0]));
	saw("hard", kibibytes(limit[1]));
}

PROBE(mlock__limit_of_locked_memory__user_up_to_it)
{
	char *at = anon(6, 0);

	user_with(4);
	saw("one_more", outcome(call(mlock, at, pages(5))));
	saw("left_locked", vm_flag(at, "lo"));
	saw("exactly", outcome(call(mlock, at, pages(4))));
	saw("then_another", outcome(call(mlock, at + pages(5), pages(1))));
	saw("vmlck", locked_pages());
	saw("on_fault", outcome(call(mlock2, at + pages(5), pages(1), MLOCK_ONFAULT)));
}

PROBE(mlock__limit_of_locked_memory__counts_no_page_twice)
{
	char *at = anon(6, 0);

	user_with(4);
	call(mlock, at, pages(3));
	saw("again", outcome(call(mlock, at, pages(3))));
	saw("overlap", outcome(call(mlock, at + pages(1), pages(3))));
	saw("vmlck", locked_pages());
	saw("over", outcome(call(mlock, at + pages(1), pages(4))));
}

PROBE(mlock__limit_of_locked_memory__part_of_a_page_does_not_count)
{
	char *at = anon(4, 0);

	set_hard_limit(RLIMIT_MEMLOCK, pages(2) + 100);
	become_user();
	saw("two", outcome(call(mlock, at, pages(2))));
	saw("three", outcome(call(mlock, at, pages(3))));
}

PROBE(mlock__limit_of_locked_memory__zero)
{
	char *at = anon(1, 0);

	user_with(0);
	saw("mlock", outcome(call(mlock, at, pages(1))));
	saw("nothing", outcome(call(mlock, at, 0)));
	saw("mlock2", outcome(call(mlock2, at, pages(1), MLOCK_ONFAULT)));
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("mlockall_future", outcome(call(mlockall, MCL_FUTURE)));
	saw("munlock", outcome(call(munlock, at, pages(1))));
	saw("munlockall", outcome(call(munlockall)));
	saw("map_locked", outcome(call(mmap, space(1), pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)));
}

PROBE(mlock__limit_of_locked_memory__privileged_is_free_of_it)
{
	char *at = anon(4, 0);

	set_hard_limit(RLIMIT_MEMLOCK, pages(1));
	saw("root", outcome(call(mlock, at, pages(4))));
	call(munlock, at, pages(4));
	drop_capability(CAP_IPC_LOCK);
	saw("root_without_ipc_lock", outcome(call(mlock, at, pages(4))));
	saw("one", outcome(call(mlock, at, pages(1))));
}

PROBE(mlock__limit_of_locked_memory__map_locked)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED;

	user_with(4);
	saw("over", outcome(call(mmap, space(5), pages(5), RW, flags, -1, 0)));
	saw("within", outcome(call(mmap, space(4), pages(4), RW, flags, -1, 0)));
	saw("then_another", outcome(call(mmap, space(1), pages(1), RW, flags, -1, 0)));
}

PROBE(mlock__limit_of_locked_memory__mremap)
{
	char *at = anon(2, 0);

	user_with(4);
	call(mlock, at, pages(2));
	saw("over", outcome(call(mremap, at, pages(2), pages(5), 0)));
	saw("over_elsewhere", outcome(call(mremap, at, pages(2), pages(5), MREMAP_MAYMOVE | MREMAP_FIXED, space(5))));
	saw("within", outcome(call(mremap, at, pages(2), pages(4), 0)));
	saw("vmlck", locked_pages());
	saw("move", outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, space(4))));
	saw("vmlck_moved", locked_pages());
}

PROBE(mlock__limit_of_locked_memory__mremap_dontunmap)
{
	char *at = anon(4, 'k');

	user_with(4);
	call(mlock, at, pages(4));
	saw("dontunmap", outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(4))));
	saw("vmlck", locked_pages());
}

PROBE(mlock__limit_of_locked_memory__copy_of_shared)
{
	char *at = shared_anon(3, 's');

	user_with(4);
	call(mlock, at, pages(3));
	saw("copy", outcome(call(mremap, at, 0, pages(3), MREMAP_MAYMOVE | MREMAP_FIXED, space(3))));
	saw("vmlck", locked_pages());
}

PROBE(mlock__limit_of_locked_memory__future_mappings)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	set_hard_limit(RLIMIT_MEMLOCK, pages(4));
	drop_capability(CAP_IPC_LOCK);
	at = address(call(mmap, space(3), pages(3), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	saw("within", outcome(at));
	saw("over", outcome(call(mmap, space(2), pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
	saw("over_none", outcome(call(mmap, space(2), pages(2), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
	saw("mremap_over", outcome(call(mremap, at, pages(3), pages(6), MREMAP_MAYMOVE)));
	call(munlockall);
	saw("after_munlockall", outcome(call(mmap, space(9), pages(9), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}

PROBE(mlock__limit_of_locked_memory__stack_growth)
{
	char *at = space(64) + pages(60);

	at = address(call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
	call(mlock, at, pages(2));
	set_hard_limit(RLIMIT_MEMLOCK, pages(4));
	drop_capability(CAP_IPC_LOCK);
	saw("within", poke(at - pages(2), 'g'));
	saw("vmlck", locked_pages());
	saw("over", poke(at - pages(3), 'g'));
	saw("vmlck_after", locked_pages());
}

PROBE(mlock__limit_of_locked_memory__all_current_mappings)
{
	user_with(4);
	saw("current", outcome(call(mlockall, MCL_CURRENT)));
	saw("current_on_fault", outcome(call(mlockall, MCL_CURRENT | MCL_ONFAULT)));
	saw("future", outcome(call(mlockall, MCL_FUTURE)));
	saw("both", outcome(call(mlockall, MCL_CURRENT | MCL_FUTURE)));
	saw("vmlck", locked_pages());
}

PROBE(mlock__limit_of_locked_memory__lowered_below_what_is_locked)
{
	char *at = anon(4, 0);

	user_with(4);
	call(mlock, at, pages(3));
	set_limit(RLIMIT_MEMLOCK, pages(2));
	saw("still_locked", vm_flag(at, "lo"));
	saw("again", outcome(call(mlock, at, pages(1))));
	saw("more", outcome(call(mlock, at + pages(3), pages(1))));
	saw("munlock", outcome(call(munlock, at, pages(3))));
}

PROBE(mlock__limit_of_locked_memory__child_counts_anew)
{
	char *at = anon(4, 0);

	user_with(4);
	call(mlock, at, pages(4));
	in_child {
		saw("child", outcome(call(mlock, at, pages(4))));
		saw("child_over", outcome(call(mlock, anon(1, 0), pages(1))));
	}
}

PROBE(mlock__limit_of_locked_memory__raising_it)
{
	uint64_t more[2] = {pages(2), pages(8)}, above[2] = {pages(8), pages(4)}, full[2] = {pages(4), pages(4)};

	user_with(4);
	saw("above_hard", outcome(call(prlimit64, 0, RLIMIT_MEMLOCK, more, NULL)));
	saw("soft_above_hard", outcome(call(prlimit64, 0, RLIMIT_MEMLOCK, above, NULL)));
	saw("up_to_hard", outcome(call(prlimit64, 0, RLIMIT_MEMLOCK, full, NULL)));
}
