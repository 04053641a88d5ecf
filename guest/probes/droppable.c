#include "probe.h"

/* n pages of droppable memory, or NULL after saying what the call answered. */
static char *droppable(long n)
{
	char *at = address(call(mmap, space(n), pages(n), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	return failed(at) ? NULL : at;
}

PROBE(mmap__droppable__usable)
{
	char *at = droppable(2);

	if (!at)
		return;
	saw("content", contents(at, 2));
	saw("write", poke_pages(at, 2, 'd'));
	saw("protection", protection(at));
	saw("after", contents(at, 2));
}

PROBE(mmap__droppable__flags_of_the_mapping)
{
	char *at = droppable(2);

	if (!at)
		return;
	saw("dp", vm_flag(at, "dp"));
	saw("without_a_name", vm_flag(at, "??"));
	saw("wipeonfork", vm_flag(at, "wf"));
	saw("dontdump", vm_flag(at, "dd"));
	saw("noreserve", vm_flag(at, "nr"));
}

PROBE(mmap__droppable__fork_wipes)
{
	char *at = droppable(2);

	if (!at)
		return;
	poke_pages(at, 2, 'd');
	in_child
		saw("child", contents(at, 2));
	saw("parent", contents(at, 2));
}

PROBE(mmap__droppable__lock)
{
	char *at = droppable(2);

	if (!at)
		return;
	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 2));
	saw("mlock2", outcome(call(mlock2, at, pages(2), MLOCK_ONFAULT)));
	saw("mlockall", outcome(call(mlockall, MCL_CURRENT)));
	saw("locked_after_all", vm_flag(at, "lo"));
	saw("vmlck_is_others", yes(vm_flag(at, "lo")[0] == 'n'));
}

PROBE(mmap__droppable__under_mcl_future)
{
	char *at;

	call(mlockall, MCL_FUTURE);
	at = droppable(2);
	if (!at)
		return;
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 2));
}

PROBE(mmap__droppable__with_other_flags)
{
	int flags = MAP_DROPPABLE | MAP_ANONYMOUS;

	saw("locked", outcome(call(mmap, space(1), pages(1), RW, flags | MAP_LOCKED, -1, 0)));
	saw("populate", outcome(call(mmap, space(1), pages(1), RW, flags | MAP_POPULATE, -1, 0)));
	saw("growsdown", outcome(call(mmap, space(1), pages(1), RW, flags | MAP_GROWSDOWN, -1, 0)));
	saw("hugetlb", outcome(call(mmap, NOWHERE, 2u << 20, RW, flags | MAP_HUGETLB, -1, 0)));
	saw("stack", outcome(call(mmap, space(1), pages(1), RW, flags | MAP_STACK, -1, 0)));
	saw("sync", outcome(call(mmap, space(1), pages(1), RW, flags | MAP_SYNC, -1, 0)));
	saw("offset", outcome(call(mmap, space(1), pages(1), RW, flags, -1, (long)pages(1))));
}

PROBE(mmap__droppable__of_a_file)
{
	saw("tmpfs", outcome(call(mmap, space(1), pages(1), RW, MAP_DROPPABLE, scratch_file(1, 'f'), 0)));
	saw("ext4", outcome(call(mmap, space(1), pages(1), RW, MAP_DROPPABLE, ext4_file(1, 'f'), 0)));
}

PROBE(mmap__droppable__advice)
{
	char *at = droppable(2);

	if (!at)
		return;
	poke_pages(at, 2, 'd');
	saw("keeponfork", outcome(call(madvise, at, pages(2), MADV_KEEPONFORK)));
	saw("wipeonfork", outcome(call(madvise, at, pages(2), MADV_WIPEONFORK)));
	saw("dodump", outcome(call(madvise, at, pages(2), MADV_DODUMP)));
	saw("hugepage", vm_flag(at, "hg"));
	saw("mergeable", outcome(call(madvise, at, pages(2), MADV_MERGEABLE)));
	saw("free", outcome(call(madvise, at, pages(2), MADV_FREE)));
	saw("dontneed", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	saw("content", contents(at, 2));
}

PROBE(mmap__droppable__mremap_and_mprotect)
{
	char *at = droppable(2), *to;

	if (!at)
		return;
	poke_pages(at, 2, 'd');
	to = space(4);
	saw("mprotect", outcome(call(mprotect, at, pages(1), PROT_READ)));
	saw("and_back", outcome(call(mprotect, at, pages(1), RW)));
	saw("mremap", outcome(call(mremap, at, pages(2), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("moved_wipeonfork", vm_flag(to, "wf"));
	saw("content", contents(to, 4));
}

PROBE(mmap__droppable__paged_out_is_dropped)
{
	char *at = droppable(4);

	if (!at)
		return;
	poke_pages(at, 4, 'd');
	saw("pageout", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("content", contents(at, 4));
}

PROBE(mmap__droppable__anonymous_kept_by_pageout_without_swap)
{
	char *at = anon(4, 'a');

	saw("pageout", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("content", contents(at, 4));
}

PROBE(mmap__droppable__does_not_merge_with_private)
{
	char *at = space(4);

	call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("mmap", outcome(call(mmap, at + pages(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
	saw("private", mapping_pages(at));
}
