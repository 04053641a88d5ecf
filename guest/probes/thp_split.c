#include "place.h"
#include "newer.h"
#include "transparent.h"

static char *touched_huge(void)
{
	char *at = room(1);

	thp("always");
	poke(at, 'k');
	return at;
}

PROBE(thp__split__munmap)
{
	char *at = touched_huge();

	saw("huge_before", huge_share(at, "AnonHugePages"));
	call(munmap, at + pages(small() / 2), pages(small() / 2));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("present", populated(at, small() / 2));
	saw("contents", peek(at));
}

PROBE(thp__split__mprotect)
{
	char *at = touched_huge();

	call(mprotect, at, pages(1), PROT_READ);
	saw("huge", huge_share(at + pages(1), "AnonHugePages"));
	saw("present", populated(at, small()));
	saw("contents", peek(at));
}

PROBE(thp__split__mprotect_whole)
{
	char *at = touched_huge();

	call(mprotect, at, pages(small()), PROT_READ);
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__split__dontneed)
{
	char *at = touched_huge();

	poke(at + pages(1), 'k');
	call(madvise, at, pages(1), MADV_DONTNEED);
	saw("rss", smaps_pages(at, "Rss"));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("first", peek(at));
	saw("second", peek(at + pages(1)));
}

PROBE(thp__split__dontneed_whole)
{
	char *at = touched_huge();

	call(madvise, at, pages(small()), MADV_DONTNEED);
	saw("rss", smaps_pages(at, "Rss"));
	saw("contents", peek(at));
}

PROBE(thp__split__free)
{
	char *at = touched_huge();

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_FREE)));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(thp__split__free_whole)
{
	char *at = touched_huge();

	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_FREE)));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("lazy", smaps_pages(at, "LazyFree") == small() ? "all" : "less");
}

PROBE(thp__split__mremap_aligned)
{
	char *at = touched_huge(), *to = room(1);

	call(mremap, at, pages(small()), pages(small()), MREMAP_MAYMOVE | MREMAP_FIXED, to);
	saw("huge", huge_share(to, "AnonHugePages"));
	saw("contents", peek(to));
}

PROBE(thp__split__mremap_unaligned)
{
	char *at = touched_huge(), *to = room(2) + page_size;

	call(mremap, at, pages(small()), pages(small()), MREMAP_MAYMOVE | MREMAP_FIXED, to);
	saw("huge", huge_share(to, "AnonHugePages"));
	saw("contents", peek(to));
}

PROBE(thp__split__pageout)
{
	char *at;
	long whole = small();

	if (pages(whole) > 4 << 20)
		unmet("a huge page is larger than the swap area");
	call(swapon, swap_file(2 * whole), 0);
	at = touched_huge();
	saw("madvise", outcome(call(madvise, at, pages(whole), MADV_PAGEOUT)));
	saw("swap", smaps_pages(at, "Swap") == whole ? "all" : "less");
	saw("contents", peek(at));
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__split__cold_part)
{
	char *at = touched_huge();

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_COLD)));
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__split__guard)
{
	char *at = touched_huge();

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_GUARD_INSTALL)));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("touch", peek(at));
}

PROBE(thp__split__mbind_part)
{
	char *at = touched_huge();

	saw("mbind", outcome(bind_pages(at, 1, MPOL_BIND, 1, 0)));
	saw("huge", huge_share(at + pages(1), "AnonHugePages"));
}

PROBE(thp__split__wipeonfork_part)
{
	char *at = touched_huge();

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTFORK)));
	saw("huge", huge_share(at + pages(1), "AnonHugePages"));
}

PROBE(thp__fork__child_writes)
{
	char *at = touched_huge();

	in_child {
		saw("child_before", huge_share(at, "AnonHugePages"));
		poke(at, 'w');
		saw("child", huge_share(at, "AnonHugePages"));
		saw("child_contents", peek(at));
	}
	saw("parent", huge_share(at, "AnonHugePages"));
	saw("parent_contents", peek(at));
}

PROBE(thp__fork__parent_writes_after)
{
	char *at = touched_huge();

	in_child
		peek(at);
	poke(at, 'w');
	saw("parent", huge_share(at, "AnonHugePages"));
}

PROBE(thp__collapse__anonymous)
{
	char *at = room(1);

	fill(at, 2, 'k');
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("contents", contents(at, 2));
}

PROBE(thp__collapse__untouched)
{
	char *at = room(1);

	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__collapse__part)
{
	char *at = room(1);

	fill(at, 2, 'k');
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__collapse__nohugepage)
{
	char *at = room(1);

	fill(at, 2, 'k');
	call(madvise, at, pages(small()), MADV_NOHUGEPAGE);
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
}

PROBE(thp__collapse__locked)
{
	char *at = room(1);

	call(mlock, at, pages(small()));
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("locked", smaps_pages(at, "Locked") == small() ? "all" : "less");
}

PROBE(thp__collapse__read_only)
{
	char *at = room(1);

	fill(at, 2, 'k');
	call(mprotect, at, pages(small()), PROT_READ);
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__collapse__after_fork)
{
	char *at = room(1);
	int other;

	fill(at, 2, 'k');
	other = other_process();
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "AnonHugePages"));
	end_other(other);
}

PROBE(thp__collapse__shared_memory)
{
	int fd = memfd("collapse", small(), 0, 0);
	char *at = room(1);

	call(mmap, at, pages(small()), RW, MAP_SHARED | MAP_FIXED, fd, 0);
	fill(at, 2, 'k');
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "ShmemPmdMapped"));
	saw("contents", contents(at, 2));
}

PROBE(thp__collapse__file)
{
	int fd = ext4_file(small(), 'f');
	char *at = room(1);

	call(mmap, at, pages(small()), PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	peek(at);
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
	saw("huge", huge_share(at, "FilePmdMapped"));
}
