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

PROBE(mlockall__lock_future_mappings__earlier_and_later)
{
	char *before = anon(2, 0), *after;
	long locked;

	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	locked = locked_pages();
	after = anon(2, 0);
	saw("earlier", vm_flag(before, "lo"));
	saw("earlier_populated", populated(before, 2));
	saw("later", vm_flag(after, "lo"));
	saw("later_populated", populated(after, 2));
	saw("vmlck", locked_pages() - locked);
}

PROBE(mlockall__lock_future_mappings__kinds_of_mapping)
{
	int fd = memfd("future", 2, 0, 0);
	char *file, *none, *shared, *shm;

	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	file = mapped(fd, 2, RW, MAP_SHARED);
	none = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);
	shared = shared_anon(2, 0);
	shm = shm_attached(shm_segment(2, 0), 0);
	saw("file", vm_flag(file, "lo"));
	saw("file_populated", populated(file, 2));
	saw("prot_none", vm_flag(none, "lo"));
	saw("shared", vm_flag(shared, "lo"));
	saw("shared_populated", populated(shared, 2));
	saw("shm", vm_flag(shm, "lo"));
	saw("shm_populated", populated(shm, 2));
}

PROBE(mlockall__lock_future_mappings__noreserve_and_nonblock)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_NORESERVE);
	saw("noreserve", populated(at, 2));
	at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_POPULATE | MAP_NONBLOCK);
	saw("nonblock", populated(at, 2));
}

static void expanded(char *at, long from, long to, int flags, char *target)
{
	char *now = address(call(mremap, at, pages(from), pages(to), flags, target));

	saw("mremap", outcome(now));
	if (failed(now))
		return;
	saw("moved", yes(now != at));
	saw("old_part", vm_flag(now, "lo"));
	saw("new_part", vm_flag(now + pages(from), "lo"));
	saw("populated", populated(now + pages(from), to - from));
}

PROBE(mlockall__lock_future_mappings__mremap_expands_earlier)
{
	char *at = anon(2, 'k');

	call(mlockall, MCL_FUTURE);
	expanded(at, 2, 4, 0, NOWHERE);
}

PROBE(mlockall__lock_future_mappings__mremap_expands_later)
{
	call(mlockall, MCL_FUTURE);
	expanded(anon(2, 'k'), 2, 4, 0, NOWHERE);
}

PROBE(mlockall__lock_future_mappings__mremap_maymove_earlier)
{
	char *at = anon(3, 'k');

	call(mprotect, at + pages(2), pages(1), PROT_READ);
	call(mlockall, MCL_FUTURE);
	expanded(at, 2, 4, MREMAP_MAYMOVE, NOWHERE);
}

PROBE(mlockall__lock_future_mappings__mremap_maymove_later)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	at = anon(3, 'k');
	call(mprotect, at + pages(2), pages(1), PROT_READ);
	expanded(at, 2, 4, MREMAP_MAYMOVE, NOWHERE);
}

PROBE(mlockall__lock_future_mappings__mremap_fixed_earlier)
{
	char *at = anon(2, 'k');

	call(mlockall, MCL_FUTURE);
	expanded(at, 2, 4, MREMAP_MAYMOVE | MREMAP_FIXED, space(4));
}

PROBE(mlockall__lock_future_mappings__mremap_fixed_later)
{
	call(mlockall, MCL_FUTURE);
	expanded(anon(2, 'k'), 2, 4, MREMAP_MAYMOVE | MREMAP_FIXED, space(4));
}

PROBE(mlockall__lock_future_mappings__mremap_dontunmap)
{
	char *at, *to;

	call(mlockall, MCL_FUTURE);
	at = anon(2, 'k');
	to = address(call(mremap, at, pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(2)));
	saw("mremap", outcome(to));
	if (failed(to))
		return;
	saw("moved", vm_flag(to, "lo"));
	saw("left", vm_flag(at, "lo"));
	saw("left_populated", populated(at, 2));
}

PROBE(mlockall__lock_future_mappings__mprotect_makes_it_writable)
{
	char *none, *reading;

	call(mlockall, MCL_FUTURE);
	none = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);
	reading = anon_with(2, 0, PROT_READ, MAP_PRIVATE);
	saw("none", outcome(call(mprotect, none, pages(2), RW)));
	saw("none_populated", populated(none, 2));
	saw("read_only", smaps_pages(reading, "Anonymous"));
	saw("reading", outcome(call(mprotect, reading, pages(2), RW)));
	saw("writable", smaps_pages(reading, "Anonymous"));
}

PROBE(mlockall__lock_future_mappings__heap)
{
	char *old = address(call(brk, NULL));
	char *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	call(brk, at + pages(1));
	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	saw("brk", yes(address(call(brk, at + pages(4))) == at + pages(4)));
	saw("earlier", vm_flag(at, "lo"));
	saw("grown", vm_flag(at + pages(3), "lo"));
	saw("populated", populated(at + pages(1), 3));
}

PROBE(mlockall__lock_future_mappings__stack_that_grows)
{
	char *at = space(64) + pages(60);

	call(mlockall, MCL_FUTURE);
	at = address(call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
	saw("size", mapping_pages(at));
	saw("grow", poke(at - pages(3), 'g'));
	saw("grown", vm_flag(at - pages(2), "lo"));
	saw("between", populated(at - pages(2), 1));
	saw("size_after", mapping_pages(at));
}

PROBE(mlockall__lock_future_mappings__split_and_replaced)
{
	char *at = anon(3, 'k');

	call(mlockall, MCL_FUTURE);
	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("split", vm_flag(at + pages(1), "lo"));
	call(mmap, at + pages(1), pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("replaced", vm_flag(at + pages(1), "lo"));
	saw("neighbour", vm_flag(at, "lo"));
	saw("pieces", mapping_pages(at));
}

PROBE(mlockall__lock_future_mappings__then_current_voids_it)
{
	char *before = anon(1, 0), *after;

	call(mlockall, MCL_FUTURE);
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	after = anon(2, 0);
	saw("earlier", vm_flag(before, "lo"));
	saw("later", vm_flag(after, "lo"));
	saw("populated", populated(after, 2));
}

PROBE(mlockall__lock_future_mappings__after_current_voids_nothing)
{
	char *at = anon(2, 0);

	call(mlockall, MCL_CURRENT);
	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	saw("earlier", vm_flag(at, "lo"));
	saw("earlier_populated", populated(at, 2));
	saw("later", vm_flag(anon(1, 0), "lo"));
}

PROBE(mlockall__lock_future_mappings__refused_call_changes_nothing)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT | 0x40)));
	at = anon(2, 0);
	saw("later", vm_flag(at, "lo"));
}

PROBE(mlockall__lock_future_mappings__huge_page)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	at = huge(1, 0, MAP_PRIVATE);
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 1));
}

PROBE(mlockall__lock_future_mappings_on_fault__earlier_and_later)
{
	char *before = anon(2, 0), *after;

	saw("mlockall", outcome(call(mlockall, MCL_FUTURE | MCL_ONFAULT)));
	after = anon(4, 0);
	saw("earlier", vm_flag(before, "lo"));
	saw("later", on_fault(after));
	saw("populated", populated(after, 4));
	poke(after + pages(2), 't');
	saw("touched", smaps_pages(after, "Locked"));
}

PROBE(mlockall__lock_future_mappings_on_fault__asked_to_populate)
{
	char *at;

	call(mlockall, MCL_FUTURE | MCL_ONFAULT);
	at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_POPULATE);
	saw("populate", on_fault(at));
	saw("populate_populated", populated(at, 2));
	at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_LOCKED);
	saw("map_locked", on_fault(at));
	saw("map_locked_populated", populated(at, 2));
}

PROBE(mlockall__lock_future_mappings_on_fault__then_future)
{
	char *first, *second;

	call(mlockall, MCL_FUTURE | MCL_ONFAULT);
	first = anon(2, 0);
	saw("mlockall", outcome(call(mlockall, MCL_FUTURE)));
	second = anon(2, 0);
	saw("first", on_fault(first));
	saw("first_populated", populated(first, 2));
	saw("second", on_fault(second));
	saw("second_populated", populated(second, 2));
}

PROBE(mlockall__lock_future_mappings_on_fault__mremap_expands)
{
	call(mlockall, MCL_FUTURE | MCL_ONFAULT);
	expanded(anon(2, 'k'), 2, 4, 0, NOWHERE);
}

PROBE(mlockall__lock_future_mappings_on_fault__fork_inherits_nothing)
{
	call(mlockall, MCL_FUTURE | MCL_ONFAULT);
	in_child
		saw("child_later", vm_flag(anon(2, 0), "lo"));
	saw("parent_later", vm_flag(anon(2, 0), "lo"));
}
