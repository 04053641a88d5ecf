#include "probe.h"

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") / (long)(page_size >> 10);
}

static char *locked(long n, char letter)
{
	char *at = anon(n, letter);

	if (failed(call(mlock, at, pages(n))))
		broken("mlock");
	return at;
}

PROBE(mlock__account_locked_memory__unmapping_gives_back)
{
	char *at = locked(6, 0);

	call(munmap, at, pages(2));
	saw("munmap", locked_pages());
	call(mremap, at + pages(2), pages(4), pages(3), 0);
	saw("shrink", locked_pages());
	call(mmap, at + pages(2), pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("replaced", locked_pages());
	saw("new_one", vm_flag(at + pages(2), "lo"));
}

PROBE(mlock__account_locked_memory__shared_counts_per_mapping)
{
	int fd = memfd("twice", 2, 'm', 0);
	char *one = mapped(fd, 2, RW, MAP_SHARED), *two = mapped(fd, 2, RW, MAP_SHARED);

	call(mlock, one, pages(2));
	saw("one", locked_pages());
	call(mlock, two, pages(2));
	saw("two", locked_pages());
	saw("locked_pages", smaps_pages(one, "Locked"));
	call(munlock, one, pages(2));
	saw("one_less", locked_pages());
	saw("first", vm_flag(one, "lo"));
	saw("second", vm_flag(two, "lo"));
}

PROBE(mlock__account_locked_memory__expanding)
{
	char *at = locked(2, 'k');

	saw("mremap", outcome(call(mremap, at, pages(2), pages(5), 0)));
	saw("locked", vm_flag(at + pages(4), "lo"));
	saw("populated", populated(at + pages(2), 3));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__moving)
{
	char *at = locked(2, 'k'), *to = space(4);

	saw("mremap", outcome(call(mremap, at, pages(2), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("locked", vm_flag(to, "lo"));
	saw("populated", populated(to, 4));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__moving_a_part)
{
	char *at = locked(4, 'k'), *to = space(2);

	saw("mremap", outcome(call(mremap, at + pages(1), pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("moved", vm_flag(to, "lo"));
	saw("before", vm_flag(at, "lo"));
	saw("behind", vm_flag(at + pages(3), "lo"));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__left_by_dontunmap)
{
	char *at = locked(2, 'k'), *to;

	to = address(call(mremap, at, pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(2)));
	saw("mremap", outcome(to));
	if (failed(to))
		return;
	saw("moved", vm_flag(to, "lo"));
	saw("left", vm_flag(at, "lo"));
	saw("left_populated", populated(at, 2));
	saw("vmlck", locked_pages());
	call(munmap, at, pages(2));
	saw("vmlck_without_left", locked_pages());
	call(munmap, to, pages(2));
	saw("vmlck_end", locked_pages());
}

/* What lies around the part that moved was locked by its owner, and nobody unlocked it. */
PROBE(mlock__account_locked_memory__rest_of_dontunmap_of_a_part)
{
	char *at = locked(3, 'k'), *to;

	to = address(call(mremap, at + pages(1), pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(1)));
	saw("mremap", outcome(to));
	if (failed(to))
		return;
	saw("moved", vm_flag(to, "lo"));
	saw("before", vm_flag(at, "lo"));
	saw("left", vm_flag(at + pages(1), "lo"));
	saw("behind", vm_flag(at + pages(2), "lo"));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__rest_of_dontunmap_on_fault)
{
	char *at = anon(3, 'k'), *to;

	call(mlock2, at, pages(3), MLOCK_ONFAULT);
	to = address(call(mremap, at, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(1)));
	saw("mremap", outcome(to));
	if (failed(to))
		return;
	saw("left", vm_flag(at, "lo"));
	saw("behind", vm_flag(at + pages(1), "lo"));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__copy_of_shared)
{
	char *at = shared_anon(2, 's'), *to = space(2);

	call(mlock, at, pages(2));
	saw("copy", outcome(call(mremap, at, 0, pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("copy_locked", vm_flag(to, "lo"));
	saw("populated", populated(to, 2));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__protection_keeps)
{
	char *at = locked(3, 'k');

	call(mprotect, at + pages(1), pages(1), PROT_NONE);
	saw("locked", vm_flag(at + pages(1), "lo"));
	saw("vmlck", locked_pages());
	saw("still_there", populated(at + pages(1), 1));
}

PROBE(mlock__account_locked_memory__locked_of_two_processes)
{
	char *at = shared_anon(2, 's');

	call(mlock, at, pages(2));
	saw("alone", smaps_pages(at, "Locked"));
	other_process();
	saw("shared_with_a_child", smaps_pages(at, "Locked"));
	saw("vmlck", locked_pages());
}

PROBE(mlock__account_locked_memory__truncated_file)
{
	int fd = scratch_file(3, 'f');
	char *at = mapped(fd, 3, RW, MAP_SHARED);

	call(mlock, at, pages(3));
	saw("ftruncate", outcome(call(ftruncate, fd, pages(1))));
	saw("populated", populated(at, 3));
	saw("vmlck", locked_pages());
	saw("content", contents(at, 3));
}
