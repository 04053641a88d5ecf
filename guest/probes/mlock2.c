#include "probe.h"

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

static char *on_fault(long n, char letter)
{
	char *at = anon(n, letter);

	saw("mlock2", outcome(call(mlock2, at, pages(n), MLOCK_ONFAULT)));
	return at;
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__locks_what_is_touched)
{
	char *at = on_fault(4, 0);

	saw("populated", populated(at, 4));
	saw("locked_pages", smaps_pages(at, "Locked"));
	poke(at + pages(1), 't');
	saw("touched", populated(at, 4));
	saw("touched_pages", smaps_pages(at, "Locked"));
	saw("vmlck", locked_pages());
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__locks_what_is_present)
{
	char *at = on_fault(3, 'k');

	saw("locked_pages", smaps_pages(at, "Locked"));
	saw("dontneed", outcome(call(madvise, at, pages(3), MADV_DONTNEED)));
	saw("pageout", outcome(call(madvise, at, pages(3), MADV_PAGEOUT)));
	saw("dontneed_locked", outcome(call(madvise, at, pages(3), MADV_DONTNEED_LOCKED)));
	saw("populated", populated(at, 3));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__name_in_smaps)
{
	char *at = on_fault(1, 0);

	saw("lo", vm_flag(at, "lo"));
	saw("lf", vm_flag(at, "lf"));
	saw("without_a_name", vm_flag(at, "??"));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__flags_zero_is_mlock)
{
	char *at = anon(2, 0);

	saw("mlock2", outcome(call(mlock2, at, pages(2), 0)));
	saw("populated", populated(at, 2));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__unknown_flags)
{
	char *at = anon(1, 0);

	saw("bit_1", outcome(call(mlock2, at, pages(1), 2)));
	saw("bit_1_on_fault", outcome(call(mlock2, at, pages(1), 2 | MLOCK_ONFAULT)));
	saw("high_bit", outcome(call(mlock2, at, pages(1), 0x40000000)));
	saw("locked", vm_flag(at, "lo"));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__then_mlock_populates)
{
	char *at = on_fault(2, 0);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("populated", populated(at, 2));
	saw("dontneed_locked", outcome(call(madvise, at, pages(2), MADV_DONTNEED_LOCKED)));
	saw("vmlck", locked_pages());
	saw("anew", outcome(call(mlock, at, pages(2))));
	saw("populated_anew", populated(at, 2));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__after_mlock)
{
	char *at = anon(2, 0);

	call(mlock, at, pages(2));
	saw("mlock2", outcome(call(mlock2, at, pages(2), MLOCK_ONFAULT)));
	saw("vmlck", locked_pages());
	saw("mremap", outcome(call(mremap, at, pages(2), pages(4), 0)));
	saw("new_pages", populated(at + pages(2), 2));
	saw("old_pages", populated(at, 2));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__munlock_clears)
{
	char *at = on_fault(2, 0);

	saw("munlock", outcome(call(munlock, at, pages(2))));
	saw("lo", vm_flag(at, "lo"));
	saw("lf", vm_flag(at, "lf"));
	saw("without_a_name", vm_flag(at, "??"));
	saw("vmlck", locked_pages());
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__fork_inherits_nothing)
{
	char *at = on_fault(2, 'k');

	in_child {
		saw("child_lo", vm_flag(at, "lo"));
		saw("child_lf", vm_flag(at, "lf"));
		saw("child_vmlck", locked_pages());
	}
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__prot_none)
{
	char *at = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);

	saw("mlock2", outcome(call(mlock2, at, pages(2), MLOCK_ONFAULT)));
	saw("locked", vm_flag(at, "lo"));
	saw("mprotect", outcome(call(mprotect, at, pages(2), RW)));
	saw("populated", populated(at, 2));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__beyond_end_of_file)
{
	char *at = mapped(scratch_file(1, 'f'), 3, RW, MAP_SHARED);

	saw("mlock2", outcome(call(mlock2, at, pages(3), MLOCK_ONFAULT)));
	saw("locked", vm_flag(at, "lo"));
	saw("content", contents(at, 3));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__hole)
{
	char *at = anon(3, 0);

	call(munmap, at + pages(1), pages(1));
	saw("mlock2", outcome(call(mlock2, at, pages(3), MLOCK_ONFAULT)));
	saw("before_hole", vm_flag(at, "lo"));
	saw("after_hole", vm_flag(at + pages(2), "lo"));
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__expanded_is_not_populated)
{
	char *at = on_fault(2, 'k');

	saw("mremap", outcome(call(mremap, at, pages(2), pages(5), 0)));
	saw("populated", populated(at + pages(2), 3));
	saw("locked", vm_flag(at + pages(4), "lo"));
	saw("vmlck", locked_pages());
}

PROBE(mlock2__lock_mapping_and_lock_on_fault__huge_page)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("mlock2", outcome(call(mlock2, at, huge_size(), MLOCK_ONFAULT)));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 1));
}
