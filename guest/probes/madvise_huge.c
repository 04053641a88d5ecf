#include "settle.h"

/* One huge page's worth of ordinary pages, aligned; anon_with() places at multiples of the largest size. */
static char *huge_room(int flags)
{
	return anon_with((long)(huge_size() / page_size), 0, RW, flags);
}

static const char *is_huge(const char *at, const char *key)
{
	return yes(smaps_pages(at, key) > 0);
}

static void advised_then_touched(const char *mode, int advice)
{
	char *at = huge_room(MAP_PRIVATE);

	thp(mode);
	saw("madvise", outcome(call(madvise, at, huge_size(), advice)));
	saw("write", poke(at, 'k'));
	saw("huge", is_huge(at, "AnonHugePages"));
}

PROBE(madvise__enable_huge_pages__first_touch_when_madvise)
{
	advised_then_touched("madvise", MADV_HUGEPAGE);
}

PROBE(madvise__enable_huge_pages__first_touch_when_never)
{
	advised_then_touched("never", MADV_HUGEPAGE);
}

PROBE(madvise__enable_huge_pages__not_advised)
{
	advised_then_touched("madvise", MADV_NORMAL);
}

PROBE(madvise__enable_huge_pages__flags)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_HUGEPAGE)));
	saw("flag", vm_flag(at, "hg"));
	in_child
		saw("child", vm_flag(at, "hg"));
	saw("nohugepage", outcome(call(madvise, at, pages(2), MADV_NOHUGEPAGE)));
	saw("no_longer", vm_flag(at, "hg"));
	saw("instead", vm_flag(at, "nh"));
}

PROBE(madvise__enable_huge_pages__kinds_of_mapping)
{
	char *shared = shared_anon(1, 'k'), *file = mapped(ext4_file(1, 'a'), 1, PROT_READ, MAP_PRIVATE);
	char *vvar = mapping_named("[vvar]"), *stack = mapping_named("[stack]");

	saw("shared_anonymous", outcome(call(madvise, shared, pages(1), MADV_HUGEPAGE)));
	saw("file", outcome(call(madvise, file, pages(1), MADV_HUGEPAGE)));
	if (stack)
		saw("stack", outcome(call(madvise, stack, pages(1), MADV_HUGEPAGE)));
	if (vvar)
		saw("vvar", outcome(call(madvise, vvar, pages(1), MADV_HUGEPAGE)));
}

PROBE(madvise__enable_huge_pages__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("hugepage", outcome(call(madvise, at, huge_size(), MADV_HUGEPAGE)));
	saw("nohugepage", outcome(call(madvise, at, huge_size(), MADV_NOHUGEPAGE)));
	saw("collapse", outcome(call(madvise, at, huge_size(), MADV_COLLAPSE)));
}

PROBE(madvise__disable_huge_pages__first_touch_when_always)
{
	advised_then_touched("always", MADV_NOHUGEPAGE);
}

PROBE(madvise__disable_huge_pages__without_it)
{
	advised_then_touched("always", MADV_NORMAL);
}

static void collapse(char *at, const char *key)
{
	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_COLLAPSE)));
	saw("huge", is_huge(at, key));
}

PROBE(madvise__collapse__anonymous_when_never)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("never");
	poke(at, 'k');
	poke(at + pages(7), 'l');
	collapse(at, "AnonHugePages");
	saw("first", peek(at));
	saw("eighth", peek(at + pages(7)));
	saw("second", peek(at + pages(1)));
}

PROBE(madvise__collapse__anonymous_when_madvise)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("madvise");
	poke(at, 'k');
	collapse(at, "AnonHugePages");
}

PROBE(madvise__collapse__not_what_is_excluded)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("always");
	saw("nohugepage", outcome(call(madvise, at, huge_size(), MADV_NOHUGEPAGE)));
	poke(at, 'k');
	collapse(at, "AnonHugePages");
}

PROBE(madvise__collapse__process_without_huge_pages)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("always");
	saw("prctl", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0)));
	poke(at, 'k');
	collapse(at, "AnonHugePages");
}

#define THP_DISABLE_EXCEPT_ADVISED 2 /* linux/prctl.h of 6.18: 1 << 1 */

PROBE(madvise__collapse__process_with_advised_ones_only)
{
	char *at = huge_room(MAP_PRIVATE), *advised = huge_room(MAP_PRIVATE);

	thp("always");
	saw("prctl", outcome(call(prctl, PR_SET_THP_DISABLE, 1, THP_DISABLE_EXCEPT_ADVISED, 0, 0)));
	poke(at, 'k');
	saw("on_touch", is_huge(at, "AnonHugePages"));
	collapse(at, "AnonHugePages");
	call(madvise, advised, huge_size(), MADV_HUGEPAGE);
	poke(advised, 'k');
	saw("advised", is_huge(advised, "AnonHugePages"));
}

PROBE(madvise__collapse__nothing_resident)
{
	char *at = huge_room(MAP_PRIVATE);

	collapse(at, "AnonHugePages");
}

PROBE(madvise__collapse__too_small)
{
	char *at = anon(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_COLLAPSE)));
}

PROBE(madvise__collapse__already_huge)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("always");
	poke(at, 'k');
	saw("before", is_huge(at, "AnonHugePages"));
	collapse(at, "AnonHugePages");
}

PROBE(madvise__collapse__shared_anonymous)
{
	char *at = huge_room(MAP_SHARED);

	poke(at, 'k');
	collapse(at, "ShmemPmdMapped");
	saw("after", peek(at));
}

PROBE(madvise__collapse__tmpfs_file)
{
	long n = (long)(huge_size() / page_size);
	char *at = mapped(scratch_file(n, 0), n, RW, MAP_SHARED);

	poke(at, 'k');
	collapse(at, "ShmemPmdMapped");
	saw("after", peek(at));
}

PROBE(madvise__collapse__ext4_file)
{
	long n = (long)(huge_size() / page_size);
	int fd = ext4_file(n, 0);
	char *at;

	call(pwrite64, fd, "abc", 3, 0);
	call(fsync, fd);
	reopen(fd, O_RDONLY);
	at = mapped(fd, n, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	contents(at, 4);
	collapse(at, "FilePmdMapped");
	saw("after", peek(at));
}

PROBE(madvise__collapse__kinds_of_mapping)
{
	char *vvar = mapping_named("[vvar]"), *stack = mapping_named("[stack]");

	saw("unmapped", outcome(call(madvise, space(1), huge_size(), MADV_COLLAPSE)));
	if (stack)
		saw("stack", outcome(call(madvise, stack, pages(1), MADV_COLLAPSE)));
	if (vvar)
		saw("vvar", outcome(call(madvise, vvar, pages(1), MADV_COLLAPSE)));
}

PROBE(madvise__collapse__locked)
{
	char *at = huge_room(MAP_PRIVATE);

	poke(at, 'k');
	saw("mlock2", outcome(call(mlock2, at, huge_size(), MLOCK_ONFAULT)));
	collapse(at, "AnonHugePages");
}

PROBE(madvise__collapse__shared_with_a_child)
{
	char *at = huge_room(MAP_PRIVATE);
	int pid;

	poke(at, 'k');
	pid = other_process();
	collapse(at, "AnonHugePages");
	saw("after", peek(at));
	end_other(pid);
}

PROBE(madvise__collapse__dontneed_of_a_part)
{
	char *at = huge_room(MAP_PRIVATE);

	thp("always");
	poke_pages(at, (long)(huge_size() / page_size), 'k');
	saw("before", is_huge(at, "AnonHugePages"));
	saw("dontneed", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
	saw("huge", is_huge(at, "AnonHugePages"));
	saw("after", contents(at, 2));
}
