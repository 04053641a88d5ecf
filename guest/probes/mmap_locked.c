/* mmap: MAP_LOCKED. */
#include <linux/capability.h>
#include <linux/resource.h>
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static char *locked_map(int prot, int flags, int fd)
{
	char *at = address(call(mmap, space(4), pages(4), prot, flags | MAP_LOCKED, fd, 0));

	saw("mmap", outcome(at));
	saw("flag", vm_flag(at, "lo"));
	return at;
}

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size;
}

PROBE(mmap__lock_when_mmap__anonymous)
{
	char *at = locked_map(RW, ANONYMOUS, -1);

	saw("populated", populated(at, 4));
	saw("locked", smaps_pages(at, "Locked"));
}

PROBE(mmap__lock_when_mmap__without_flag)
{
	char *at = anon(4, 'k');

	saw("flag", vm_flag(at, "lo"));
	saw("locked", smaps_pages(at, "Locked"));
}

PROBE(mmap__lock_when_mmap__file_shared)
{
	saw("populated", populated(locked_map(RW, MAP_SHARED, scratch_file(4, 'a')), 4));
}

PROBE(mmap__lock_when_mmap__file_private)
{
	saw("populated", populated(locked_map(RW, MAP_PRIVATE, scratch_file(4, 'a')), 4));
}

PROBE(mmap__lock_when_mmap__prot_none)
{
	saw("populated", populated(locked_map(PROT_NONE, ANONYMOUS, -1), 4));
}

PROBE(mmap__lock_when_mmap__beyond_end_of_file)
{
	int fd = scratch_file(2, 'a');
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED | MAP_LOCKED, fd, 0));

	saw("mmap", outcome(at));
	saw("within", populated(at, 2));
	saw("mlock", outcome(call(mlock, at, pages(4))));
}

PROBE(mmap__lock_when_mmap__counted)
{
	long before = locked_pages();

	anon_with(4, 0, RW, MAP_PRIVATE | MAP_LOCKED);
	saw("grown", locked_pages() - before);
}

PROBE(mmap__lock_when_mmap__counted_not_after_munmap)
{
	char *at = anon_with(4, 0, RW, MAP_PRIVATE | MAP_LOCKED);

	call(munmap, at + pages(1), pages(1));
	saw("part", locked_pages());
	call(munmap, at, pages(4));
	saw("all", locked_pages());
}

PROBE(mmap__lock_when_mmap__over_limit)
{
	set_limit(RLIMIT_MEMLOCK, pages(4));
	become_user();
	saw("within", outcome(call(mmap, space(4), pages(4), RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
	saw("beyond", outcome(call(mmap, space(1), pages(1), RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
}

PROBE(mmap__lock_when_mmap__no_limit_at_all)
{
	set_limit(RLIMIT_MEMLOCK, 0);
	become_user();
	saw("mmap", outcome(call(mmap, space(1), pages(1), RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
}

PROBE(mmap__lock_when_mmap__over_limit_as_root)
{
	set_hard_limit(RLIMIT_MEMLOCK, pages(1));
	saw("mmap", outcome(call(mmap, space(4), pages(4), RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
}

PROBE(mmap__lock_when_mmap__over_limit_without_capability)
{
	set_hard_limit(RLIMIT_MEMLOCK, pages(1));
	drop_capability(CAP_IPC_LOCK);
	saw("mmap", outcome(call(mmap, space(4), pages(4), RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
}

PROBE(mmap__lock_when_mmap__default_limit)
{
	struct {
		uint64_t soft, hard;
	} limit = {0, 0};

	call(prlimit64, 0, RLIMIT_MEMLOCK, NULL, &limit);
	saw("soft", limit.soft >> 10);
	saw("hard", limit.hard >> 10);
}

PROBE(mmap__lock_when_mmap__not_in_child)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	in_child {
		saw("flag", vm_flag(at, "lo"));
		saw("locked", locked_pages());
	}
}

PROBE(mmap__lock_when_mmap__undone_by_munlock)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	saw("munlock", outcome(call(munlock, at, pages(4))));
	saw("flag", vm_flag(at, "lo"));
	saw("populated", populated(at, 4));
}

PROBE(mmap__lock_when_mmap__kept_by_mprotect)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	call(mprotect, at, pages(4), PROT_READ);
	saw("flag", vm_flag(at, "lo"));
}

PROBE(mmap__lock_when_mmap__made_accessible_later)
{
	char *at = anon_with(4, 0, PROT_NONE, MAP_PRIVATE | MAP_LOCKED);

	call(mprotect, at, pages(4), PROT_READ);
	saw("readable", populated(at, 4));
	call(mprotect, at, pages(4), RW);
	saw("writable", populated(at, 4));
}

PROBE(mmap__lock_when_mmap__with_noreserve)
{
	saw("populated", populated(locked_map(RW, ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1), 4));
}

PROBE(mmap__lock_when_mmap__hugetlb)
{
	long before = locked_pages();
	char *at = huge(1, 0, MAP_PRIVATE | MAP_LOCKED);

	saw("mmap", outcome(at));
	saw("flag", vm_flag(at, "lo"));
	saw("grown", locked_pages() - before);
}
