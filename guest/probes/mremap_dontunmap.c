/* mremap: MREMAP_DONTUNMAP. */
#include <linux/resource.h>
#include <linux/shm.h>
#include "probe.h"

static char *now;

/* Moves n pages and leaves their place mapped; says "mremap"; whether it worked. */
static bool emptied(char *at, long n)
{
	now = address(call(mremap, at, pages(n), pages(n), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NOWHERE));
	saw("mremap", failed(now) ? outcome(now) : now == at ? "same" : "moved");
	return !failed(now);
}

static void see_both(char *at, long n)
{
	if (!emptied(at, n))
		return;
	saw("content", contents(now, n));
	saw("old", contents(at, n));
}

PROBE(mremap__move_but_not_unmap__source_reads_zero)
{
	see_both(anon(2, 'k'), 2);
}

PROBE(mremap__move_but_not_unmap__source_writable)
{
	char *at = anon(2, 'k');

	if (!emptied(at, 2))
		return;
	saw("write", poke(at, 'w'));
	saw("content", contents(now, 2));
}

PROBE(mremap__move_but_not_unmap__source_not_present)
{
	char *at = anon(2, 'k');

	if (!emptied(at, 2))
		return;
	saw("old", populated(at, 2));
	saw("moved", populated(now, 2));
}

PROBE(mremap__move_but_not_unmap__both_counted)
{
	char *at = anon(2, 'k');
	long before = proc_number("/proc/self/status", "VmSize");

	if (emptied(at, 2))
		saw("grown", (proc_number("/proc/self/status", "VmSize") - before) * 1024 / (long)page_size);
}

PROBE(mremap__move_but_not_unmap__without_maymove)
{
	char *at = anon(2, 'k');
	long result = call(mremap, at, pages(2), pages(2), MREMAP_DONTUNMAP, NOWHERE);

	saw("mremap", failed(result) ? outcome(result) : "moved");
	saw("content", contents(at, 2));
}

PROBE(mremap__move_but_not_unmap__other_length)
{
	int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

	saw("longer", outcome(call(mremap, anon(2, 'k'), pages(2), pages(3), flags, NOWHERE)));
	saw("shorter", outcome(call(mremap, anon(2, 'k'), pages(2), pages(1), flags, NOWHERE)));
}

PROBE(mremap__move_but_not_unmap__shared_anonymous)
{
	see_both(shared_anon(2, 'k'), 2);
}

PROBE(mremap__move_but_not_unmap__file_shared)
{
	see_both(mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED), 2);
}

PROBE(mremap__move_but_not_unmap__file_private)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_PRIVATE);

	poke(at, 'w');
	see_both(at, 2);
}

PROBE(mremap__move_but_not_unmap__memfd)
{
	emptied(mapped(memfd("memory", 2, 'a', 0), 2, RW, MAP_SHARED), 2);
}

PROBE(mremap__move_but_not_unmap__ext4)
{
	see_both(mapped(ext4_file(2, 'a'), 2, RW, MAP_SHARED), 2);
}

PROBE(mremap__move_but_not_unmap__shm_segment)
{
	int id = shm_segment(2, 0);
	struct shmid64_ds segment = {0};

	if (!emptied(shm_attached(id, 0), 2))
		return;
	call(shmctl, id, IPC_STAT, &segment);
	saw("attached", segment.shm_nattch);
}

PROBE(mremap__move_but_not_unmap__hugetlb)
{
	emptied(huge(1, 'k', MAP_PRIVATE), (long)(huge_size() / page_size));
}

PROBE(mremap__move_but_not_unmap__dax)
{
	char *at = mapped(dax_file(2, 'a'), 2, RW, MAP_SHARED);

	if (emptied(at, 2))
		saw("old", contents(at, 2));
}

PROBE(mremap__move_but_not_unmap__fixed)
{
	char *at = anon(2, 'k'), *to = anon(2, 't');
	int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED;
	char *got = address(call(mremap, at, pages(2), pages(2), flags, to));

	saw("mremap", failed(got) ? outcome(got) : got == to ? "there" : "elsewhere");
	if (failed(got))
		return;
	saw("content", contents(to, 2));
	saw("old", contents(at, 2));
}

PROBE(mremap__move_but_not_unmap__part)
{
	char *at = anon(4, 'k');

	if (!emptied(at + pages(1), 2))
		return;
	saw("content", contents(now, 2));
	saw("old", contents(at, 4));
}

PROBE(mremap__move_but_not_unmap__protection)
{
	char *at = anon(2, 'k');

	call(mprotect, at, pages(2), PROT_READ);
	if (!emptied(at, 2))
		return;
	saw("protection", protection(now));
	saw("old", protection(at));
}

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size;
}

PROBE(mremap__move_but_not_unmap__locked_whole)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	if (!emptied(at, 4))
		return;
	saw("moved", vm_flag(now, "lo"));
	saw("old", vm_flag(at, "lo"));
	saw("locked", locked_pages());
}

PROBE(mremap__move_but_not_unmap__locked_part)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	if (!emptied(at + pages(1), 1))
		return;
	saw("moved", vm_flag(now, "lo"));
	saw("rest_before", vm_flag(at, "lo"));
	saw("rest_after", vm_flag(at + pages(3), "lo"));
}

PROBE(mremap__move_but_not_unmap__locked_part_counted)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);
	int in_smaps;

	if (!emptied(at + pages(3), 1))
		return;
	saw("locked", locked_pages());
	in_smaps = smaps_pages(at, "Locked");
	saw("in_smaps", in_smaps + smaps_pages(now, "Locked"));
}

PROBE(mremap__move_but_not_unmap__in_child)
{
	char *at = anon(2, 'k');

	if (!emptied(at, 2))
		return;
	in_child {
		saw("content", contents(now, 2));
		saw("old", contents(at, 2));
	}
}

PROBE(mremap__move_but_not_unmap__address_space_limit)
{
	char *at = anon(2, 'k');

	set_limit(RLIMIT_AS, 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize"));
	emptied(at, 2);
	saw("old", contents(at, 2));
}

PROBE(mremap__move_but_not_unmap__growsdown)
{
	char *at = anon_with(2, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN);

	if (emptied(at, 2))
		saw("below", poke(at - pages(1), 'w'));
}

PROBE(mremap__move_but_not_unmap__sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	emptied(at, 2);
	saw("content", contents(at, 2));
}
