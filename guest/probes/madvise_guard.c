#include "place.h"
#include "settle.h"

/* Page 1 of `n` becomes a guard; false where the kernel refuses. */
static bool guarded(char *at)
{
	long result = call(madvise, at + pages(1), pages(1), MADV_GUARD_INSTALL);

	saw("install", outcome(result));
	return !failed(result);
}

PROBE(madvise__install_guard__touch)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("read", peek(at + pages(1)));
	saw("write", poke(at + pages(1), 'w'));
	saw("all", contents(at, 3));
	saw("mapping", mapping_pages(at));
	saw("protection", protection(at + pages(1)));
}

PROBE(madvise__install_guard__system_calls_fault)
{
	char *at = anon(3, 'k');
	int fd = scratch_file(4, 'a');

	if (!guarded(at))
		return;
	saw("read", outcome(call(read, fd, at + pages(1), 1)));
	saw("write", outcome(call(write, fd, at + pages(1), 1)));
	saw("mlock", outcome(call(mlock, at, pages(3))));
	saw("munlock", outcome(call(munlock, at, pages(3))));
}

PROBE(madvise__install_guard__seen_by_mincore_and_smaps)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("mincore", residency(at + pages(1), 1));
	saw("present", populated(at + pages(1), 1));
	saw("swapped", swapped(at + pages(1), 1));
	saw("rss", smaps_pages(at, "Rss"));
	saw("swap", smaps_pages(at, "Swap"));
	saw("flag", vm_flag(at, "gu"));
}

#define PAGEMAP_GUARD 58 /* Documentation/admin-guide/mm/pagemap.rst, since 6.15 */

PROBE(madvise__install_guard__bit_in_pagemap)
{
	char *at = anon(3, 'k');
	uint64_t entry[3] = {0};
	int fd;

	if (!guarded(at))
		return;
	fd = (int)call(openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY, 0);
	call(pread64, fd, entry, sizeof(entry), (long)((uintptr_t)at / page_size * sizeof(entry[0])));
	saw("guard", entry[1] >> PAGEMAP_GUARD & 1);
	saw("neighbour", entry[0] >> PAGEMAP_GUARD & 1);
}

PROBE(madvise__install_guard__child_has_it_too)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	in_child
		saw("child", contents(at, 3));
}

PROBE(madvise__install_guard__child_of_a_wiped_mapping)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("wipe", outcome(call(madvise, at, pages(3), MADV_WIPEONFORK)));
	in_child
		saw("child", contents(at, 3));
}

PROBE(madvise__install_guard__discarding_keeps_it)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("dontneed", outcome(call(madvise, at, pages(3), MADV_DONTNEED)));
	saw("after", contents(at, 3));
	saw("free", outcome(call(madvise, at, pages(3), MADV_FREE)));
	saw("freed", peek(at + pages(1)));
}

PROBE(madvise__install_guard__protection_keeps_it)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("none", outcome(call(mprotect, at, pages(3), PROT_NONE)));
	saw("rw", outcome(call(mprotect, at, pages(3), RW)));
	saw("after", contents(at, 3));
}

PROBE(madvise__install_guard__moves_along)
{
	char *at = anon(3, 'k'), *moved;

	if (!guarded(at))
		return;
	moved = address(call(mremap, at, pages(3), pages(3), MREMAP_MAYMOVE | MREMAP_FIXED, space(3)));
	saw("mremap", outcome(moved));
	saw("after", contents(moved, 3));
}

PROBE(madvise__install_guard__populate_stops_there)
{
	char *at = anon(3, 0);

	if (!guarded(at))
		return;
	saw("populate", outcome(call(madvise, at, pages(3), MADV_POPULATE_WRITE)));
	saw("before", populated(at, 1));
	saw("behind", populated(at + pages(2), 1));
}

PROBE(madvise__install_guard__locked)
{
	char *at = anon(3, 'k');

	saw("mlock", outcome(call(mlock, at, pages(3))));
	if (guarded(at))
		saw("after", contents(at, 3));
}

PROBE(madvise__install_guard__shared_file)
{
	char *at = mapped(scratch_file(3, 'a'), 3, RW, MAP_SHARED);

	if (!guarded(at))
		return;
	saw("after", contents(at, 3));
	saw("mincore", residency(at + pages(1), 1));
	saw("remove", outcome(call(madvise, at, pages(3), MADV_GUARD_REMOVE)));
	saw("removed", contents(at, 3));
}

PROBE(madvise__install_guard__read_only_file)
{
	int fd = scratch_file(3, 'a');
	char *at;

	reopen(fd, O_RDONLY);
	at = mapped(fd, 3, PROT_READ, MAP_SHARED);
	if (guarded(at))
		saw("after", contents(at, 3));
}

PROBE(madvise__install_guard__private_file)
{
	char *at = mapped(scratch_file(3, 'a'), 3, RW, MAP_PRIVATE);

	fill(at, 3, 'k');
	if (!guarded(at))
		return;
	saw("remove", outcome(call(madvise, at, pages(3), MADV_GUARD_REMOVE)));
	saw("removed", contents(at, 3));
}

PROBE(madvise__install_guard__read_only_anonymous)
{
	char *at = anon(3, 'k');

	call(mprotect, at, pages(3), PROT_READ);
	if (guarded(at))
		saw("after", contents(at, 3));
}

PROBE(madvise__install_guard__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("install", outcome(call(madvise, at, huge_size(), MADV_GUARD_INSTALL)));
	saw("after", peek(at));
}

PROBE(madvise__install_guard__kernels_own_mapping)
{
	char *at = mapping_named("[vvar]");

	if (!at)
		broken("no [vvar]");
	saw("install", outcome(call(madvise, at, pages(1), MADV_GUARD_INSTALL)));
	saw("remove", outcome(call(madvise, at, pages(1), MADV_GUARD_REMOVE)));
}

PROBE(madvise__install_guard__hole)
{
	char *at = anon(3, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("install", outcome(call(madvise, at, pages(3), MADV_GUARD_INSTALL)));
	saw("after", contents(at, 3));
}

PROBE(madvise__remove_guard__reads_zero)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	saw("remove", outcome(call(madvise, at + pages(1), pages(1), MADV_GUARD_REMOVE)));
	saw("after", contents(at, 3));
	saw("write", poke(at + pages(1), 'w'));
}

PROBE(madvise__remove_guard__leaves_the_rest)
{
	char *at = anon(3, 'k');

	saw("remove", outcome(call(madvise, at, pages(3), MADV_GUARD_REMOVE)));
	saw("after", contents(at, 3));
}

PROBE(madvise__remove_guard__locked)
{
	char *at = anon(3, 'k');

	if (!guarded(at))
		return;
	call(mlock, at, pages(3));
	saw("flag", vm_flag(at, "lo"));
	saw("remove", outcome(call(madvise, at, pages(3), MADV_GUARD_REMOVE)));
	saw("after", contents(at, 3));
}
