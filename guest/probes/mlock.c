#include "probe.h"
#include <linux/capability.h>

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

PROBE(mlock__lock_mapping__populates)
{
	char *at = anon(4, 0);

	saw("mlock", outcome(call(mlock, at, pages(4))));
	saw("populated", populated(at, 4));
	saw("locked", vm_flag(at, "lo"));
	saw("locked_pages", smaps_pages(at, "Locked"));
	saw("vmlck", locked_pages());
}

PROBE(mlock__lock_mapping__rounds_to_pages)
{
	char *at = anon(3, 0);

	saw("mlock", outcome(call(mlock, at + pages(1) + 100, 1)));
	saw("first", vm_flag(at, "lo"));
	saw("second", vm_flag(at + pages(1), "lo"));
	saw("pieces", mapping_pages(at + pages(1)));
	saw("vmlck", locked_pages());
}

PROBE(mlock__lock_mapping__length_reaches_into_next_page)
{
	char *at = anon(3, 0);

	saw("mlock", outcome(call(mlock, at + page_size - 1, 2)));
	saw("populated", populated(at, 3));
	saw("vmlck", locked_pages());
}

PROBE(mlock__lock_mapping__hole)
{
	char *at = anon(3, 0);

	call(munmap, at + pages(1), pages(1));
	saw("mlock", outcome(call(mlock, at, pages(3))));
	saw("before_hole", vm_flag(at, "lo"));
	saw("after_hole", vm_flag(at + pages(2), "lo"));
	saw("populated", populated(at, 1));
}

PROBE(mlock__lock_mapping__nothing_there)
{
	char *at = space(2);

	saw("mlock", outcome(call(mlock, at, pages(1))));
	saw("munlock", outcome(call(munlock, at, pages(1))));
}

PROBE(mlock__lock_mapping__length_overflows)
{
	char *at = anon(2, 0);

	saw("mlock", outcome(call(mlock, at, ~0UL - pages(2))));
	saw("munlock", outcome(call(munlock, at, ~0UL - pages(2))));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlock__lock_mapping__length_zero)
{
	char *at = anon(1, 0);

	saw("mlock", outcome(call(mlock, at, 0)));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlock__lock_mapping__prot_none)
{
	char *at = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("locked", vm_flag(at, "lo"));
	saw("mprotect", outcome(call(mprotect, at, pages(2), RW)));
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__write_only)
{
	char *at = anon_with(2, 0, PROT_WRITE, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__execute_only)
{
	char *at = anon_with(2, 0, PROT_EXEC, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__read_only_takes_zero_page)
{
	char *at = anon_with(2, 0, PROT_READ, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
	saw("anonymous", smaps_pages(at, "Anonymous"));
	saw("rss", smaps_pages(at, "Rss"));
	saw("mprotect", outcome(call(mprotect, at, pages(2), RW)));
	saw("made_writable", smaps_pages(at, "Anonymous"));
}

PROBE(mlock__lock_mapping__private_file_read_only)
{
	char *at = mapped(scratch_file(2, 'f'), 2, PROT_READ, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
	saw("anonymous", smaps_pages(at, "Anonymous"));
}

PROBE(mlock__lock_mapping__private_file_writable_is_copied)
{
	char *at = mapped(scratch_file(2, 'f'), 2, RW, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
	saw("anonymous", smaps_pages(at, "Anonymous"));
	saw("content", contents(at, 2));
}

PROBE(mlock__lock_mapping__shared_file_stays_clean)
{
	char *at = mapped(ext4_file(2, 'f'), 2, RW, MAP_SHARED);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
	saw("dirty", smaps_pages(at, "Private_Dirty") + smaps_pages(at, "Shared_Dirty"));
}

PROBE(mlock__lock_mapping__beyond_end_of_file)
{
	char *at = mapped(scratch_file(1, 'f'), 3, RW, MAP_SHARED);

	saw("mlock", outcome(call(mlock, at, pages(3))));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 3));
}

PROBE(mlock__lock_mapping__shared_file_hole_gets_page)
{
	char *at = mapped(scratch_file(2, 0), 2, RW, MAP_SHARED);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__does_not_stack)
{
	char *at = anon(2, 0);

	call(mlock, at, pages(2));
	saw("again", outcome(call(mlock, at, pages(2))));
	saw("vmlck", locked_pages());
	saw("munlock", outcome(call(munlock, at, pages(2))));
	saw("locked", vm_flag(at, "lo"));
	saw("left", locked_pages());
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__munlock_hole)
{
	char *at = anon(3, 0);

	call(mlock, at, pages(3));
	call(munmap, at + pages(1), pages(1));
	saw("munlock", outcome(call(munlock, at, pages(3))));
	saw("before_hole", vm_flag(at, "lo"));
	saw("after_hole", vm_flag(at + pages(2), "lo"));
}

PROBE(mlock__lock_mapping__munlock_of_unlocked)
{
	char *at = anon(1, 0);

	saw("munlock", outcome(call(munlock, at, pages(1))));
	saw("populated", populated(at, 1));
}

PROBE(mlock__lock_mapping__split_needs_a_mapping_more)
{
	char *at = anon(3, 0);

	use_up_mappings();
	saw("middle", outcome(call(mlock, at + pages(1), pages(1))));
	saw("whole", outcome(call(mlock, at, pages(3))));
	saw("munlock_middle", outcome(call(munlock, at + pages(1), pages(1))));
	saw("munlock", outcome(call(munlock, at, pages(3))));
}

PROBE(mlock__lock_mapping__advice_on_locked)
{
	char *at = anon(2, 'k'), *shared = shared_anon(2, 's');

	call(mlock, at, pages(2));
	call(mlock, shared, pages(2));
	saw("dontneed", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	saw("free", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("cold", outcome(call(madvise, at, pages(2), MADV_COLD)));
	saw("pageout", outcome(call(madvise, at, pages(2), MADV_PAGEOUT)));
	saw("remove", outcome(call(madvise, shared, pages(2), MADV_REMOVE)));
	saw("guard_install", outcome(call(madvise, at, pages(2), MADV_GUARD_INSTALL)));
	saw("populate_write", outcome(call(madvise, at, pages(2), MADV_POPULATE_WRITE)));
	saw("dontneed_locked", outcome(call(madvise, at, pages(2), MADV_DONTNEED_LOCKED)));
	saw("populated", populated(at, 2));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlock__lock_mapping__invalidate_is_busy)
{
	char *at = mapped(scratch_file(2, 'f'), 2, RW, MAP_SHARED);

	saw("unlocked", outcome(call(msync, at, pages(2), MS_SYNC | MS_INVALIDATE)));
	call(mlock, at, pages(2));
	saw("locked", outcome(call(msync, at, pages(2), MS_SYNC | MS_INVALIDATE)));
}

PROBE(mlock__lock_mapping__fork_inherits_nothing)
{
	char *at = anon(2, 'k');

	call(mlock, at, pages(2));
	in_child {
		saw("child_locked", vm_flag(at, "lo"));
		saw("child_vmlck", locked_pages());
		saw("child_content", contents(at, 2));
	}
	saw("parent_locked", vm_flag(at, "lo"));
}

PROBE(mlock__lock_mapping__huge_page)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, huge_size())));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 1));
	saw("vmlck", locked_pages());
	saw("half", outcome(call(munlock, at, huge_size() / 2)));
}

PROBE(mlock__lock_mapping__persistent_memory)
{
	char *at = mapped(dax_file(2, 'd'), 2, RW, MAP_SHARED);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("locked", vm_flag(at, "lo"));
	saw("vmlck", locked_pages());
	saw("populated", populated(at, 2));
}

PROBE(mlock__lock_mapping__transparent_huge_page)
{
	char *at = huge_size() ? space((long)(3 * huge_size() / page_size)) : NULL;
	long n = (long)(huge_size() / page_size);

	thp("always");
	at += huge_size() - (uintptr_t)at % huge_size();
	at = address(call(mmap, at, huge_size(), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	saw("mlock", outcome(call(mlock, at, huge_size())));
	saw("huge", yes(smaps_pages(at, "AnonHugePages") == n));
	saw("part", outcome(call(munlock, at, pages(1))));
	saw("part_locked", vm_flag(at, "lo"));
	saw("rest_locked", vm_flag(at + pages(1), "lo"));
	saw("vmlck_short_of_all_by", (long)huge_size() / (long)page_size - locked_pages());
}
