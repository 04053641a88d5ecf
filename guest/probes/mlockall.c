#include "probe.h"

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

static const char *on_fault(const void *at)
{
	return vm_flag(at, "lo")[0] == 'y' ? yes(vm_flag(at, "lf")[0] == 'y' || vm_flag(at, "??")[0] == 'y')
					   : "unlocked";
}

PROBE(mlockall__lock_all_mappings__earlier_and_later)
{
	char *before = anon(2, 0), *after;

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	after = anon(2, 0);
	saw("earlier", vm_flag(before, "lo"));
	saw("earlier_populated", populated(before, 2));
	saw("later", vm_flag(after, "lo"));
	saw("later_populated", populated(after, 2));
}

PROBE(mlockall__lock_all_mappings__code_data_and_stack)
{
	static char data[8192] = "data";
	char stack = 's';

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("code", vm_flag((void *)(uintptr_t)vm_flag, "lo"));
	saw("data", vm_flag(data, "lo"));
	saw("stack", vm_flag(&stack, "lo"));
	saw("all_locked", yes(locked_pages() > 0));
}

PROBE(mlockall__lock_all_mappings__unknown_flags)
{
	char *at = anon(1, 0);

	saw("none", outcome(call(mlockall, 0)));
	saw("on_fault_alone", outcome(call(mlockall, MCL_ONFAULT)));
	saw("bit_3", outcome(call(mlockall, 8)));
	saw("bit_3_current", outcome(call(mlockall, 8 | MCL_CURRENT)));
	saw("high_bit", outcome(call(mlockall, 0x40000000 | MCL_CURRENT)));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlockall__lock_all_mappings__what_cannot_be_populated)
{
	char *none = anon_with(1, 0, PROT_NONE, MAP_PRIVATE), *file = mapped(scratch_file(1, 'f'), 2, RW, MAP_SHARED);

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("prot_none", vm_flag(none, "lo"));
	saw("beyond_end_of_file", vm_flag(file, "lo"));
	saw("file_populated", populated(file, 2));
}

PROBE(mlockall__lock_all_mappings__shared_and_files)
{
	char *shared = shared_anon(2, 0), *file = mapped(ext4_file(2, 'f'), 2, PROT_READ, MAP_PRIVATE);

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("shared", vm_flag(shared, "lo"));
	saw("shared_populated", populated(shared, 2));
	saw("file", vm_flag(file, "lo"));
	saw("file_populated", populated(file, 2));
}

PROBE(mlockall__lock_all_mappings__fork_inherits_nothing)
{
	char *at = anon(2, 'k');

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_FUTURE)));
	in_child {
		char *later = anon(2, 0);

		saw("child_locked", vm_flag(at, "lo"));
		saw("child_vmlck", locked_pages());
		saw("child_later", vm_flag(later, "lo"));
		saw("child_populated", populated(later, 2));
	}
	saw("parent_locked", vm_flag(at, "lo"));
	saw("parent_later", vm_flag(anon(1, 0), "lo"));
}

PROBE(mlockall__lock_all_mappings__stack_that_grows)
{
	char *at = space(64) + pages(60);

	at = address(call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("size", mapping_pages(at));
	saw("grow", poke(at - pages(2), 'g'));
	saw("grown", vm_flag(at - pages(1), "lo"));
	saw("between", populated(at - pages(1), 1));
}

PROBE(mlockall__lock_all_mappings__huge_page)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 1));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__earlier_and_later)
{
	char *before = anon(4, 0), *after;

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_ONFAULT)));
	after = anon(2, 0);
	saw("earlier", on_fault(before));
	saw("earlier_populated", populated(before, 4));
	poke(before, 't');
	saw("touched", smaps_pages(before, "Locked"));
	saw("later", vm_flag(after, "lo"));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__what_is_present)
{
	char *at = anon(2, 'k');

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_ONFAULT)));
	saw("locked_pages", smaps_pages(at, "Locked"));
	saw("dontneed", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__then_current)
{
	char *at = anon(2, 0);

	call(mlockall, MCL_CURRENT | MCL_ONFAULT);
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("on_fault", on_fault(at));
	saw("populated", populated(at, 2));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__after_current)
{
	char *at = anon(2, 0);

	call(mlockall, MCL_CURRENT);
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_ONFAULT)));
	saw("on_fault", on_fault(at));
	saw("populated", populated(at, 2));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__voids_future)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_ONFAULT)));
	at = anon(2, 0);
	saw("later", vm_flag(at, "lo"));
	saw("populated", populated(at, 2));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__not_voided_by_future)
{
	char *at = anon(2, 0);

	call(mlockall, MCL_CURRENT | MCL_ONFAULT);
	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	saw("earlier", on_fault(at));
	saw("populated", populated(at, 2));
	saw("later", on_fault(anon(1, 0)));
}

PROBE(mlockall__lock_existing_and_lock_nonexisting_on_fault__mlock_undone)
{
	char *at = anon(2, 0);

	call(mlock, at, pages(2));
	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	saw("after_future", vm_flag(at, "lo"));
	call(mlockall, MCL_CURRENT | MCL_ONFAULT);
	saw("after_on_fault", on_fault(at));
}

PROBE(mlockall__lock_existing_and_future_on_fault__both)
{
	char *before = anon(2, 0), *after;

	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)));
	after = anon(2, 0);
	saw("earlier", on_fault(before));
	saw("earlier_populated", populated(before, 2));
	saw("later", on_fault(after));
	saw("later_populated", populated(after, 2));
	poke(after, 't');
	saw("touched", smaps_pages(after, "Locked"));
}

PROBE(mlockall__lock_existing_and_future_on_fault__heap)
{
	char *old = address(call(brk, NULL));
	char *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	call(brk, at + pages(1));
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)));
	saw("brk", yes(address(call(brk, at + pages(4))) == at + pages(4)));
	saw("grown", on_fault(at + pages(3)));
	saw("populated", populated(at + pages(1), 3));
}

PROBE(munlockall__unlock_all_mappings_and_clear_mlock_flags__everything)
{
	char *at = anon(2, 0), *partly = anon(2, 0), *later;

	call(mlock2, partly, pages(1), MLOCK_ONFAULT);
	call(mlockall, MCL_CURRENT | MCL_FUTURE);
	later = anon(2, 0);
	saw("munlockall", outcome(call(munlockall)));
	saw("earlier", vm_flag(at, "lo"));
	saw("partly", vm_flag(partly, "lo"));
	saw("later", vm_flag(later, "lo"));
	saw("populated", populated(later, 2));
	saw("vmlck", locked_pages());
	saw("new", vm_flag(anon(2, 0), "lo"));
	saw("merged_again", mapping_pages(partly));
}

PROBE(munlockall__unlock_all_mappings_and_clear_mlock_flags__on_fault)
{
	char *at = anon(2, 0), *map_locked = anon_with(2, 0, RW, MAP_PRIVATE | MAP_LOCKED);

	call(mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	saw("munlockall", outcome(call(munlockall)));
	saw("lo", vm_flag(at, "lo"));
	saw("lf", vm_flag(at, "lf"));
	saw("without_a_name", vm_flag(at, "??"));
	saw("map_locked", vm_flag(map_locked, "lo"));
	saw("new", vm_flag(anon(2, 0), "lo"));
}

PROBE(munlockall__unlock_all_mappings_and_clear_mlock_flags__nothing_locked)
{
	saw("munlockall", outcome(call(munlockall)));
	become_user();
	saw("as_user", outcome(call(munlockall)));
}

PROBE(munlockall__unlock_all_mappings_and_clear_mlock_flags__then_advice)
{
	char *at = anon(2, 'k');

	call(mlockall, MCL_CURRENT);
	saw("locked", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	call(munlockall);
	saw("unlocked", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	saw("content", contents(at, 2));
}

PROBE(munlockall__unlock_all_mappings_and_clear_mlock_flags__only_the_caller)
{
	char *at = shared_anon(2, 's');

	call(mlock, at, pages(2));
	in_child
		saw("child", outcome(call(munlockall)));
	saw("parent", vm_flag(at, "lo"));
	saw("vmlck", locked_pages());
}
