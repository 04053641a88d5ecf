#include "place.h"
#include "newer.h"
#include "transparent.h"

/* Whether the kernel aligns mappings of n pages to huge pages: all, some or none of four, an odd page before each */
static const char *placed(long n, int fd, int flags)
{
	int aligned = 0;

	for (int i = 0; i < 4; i++) {
		call(mmap, NOWHERE, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		aligned += ((unsigned long)call(mmap, NOWHERE, pages(n), RW, flags, fd, 0)) % pages(small()) == 0;
	}
	return aligned == 0 ? "none" : aligned == 4 ? "all" : "some";
}

/* smaps' THPeligible: "1", "0", or "absent" */
static const char *smaps_word(const void *at, const char *key)
{
	long number = smaps_number(at, key);

	return number < 0 ? "absent" : number ? "1" : "0";
}

PROBE(thp__enabled__always)
{
	char *at = room(1);

	thp("always");
	poke(at, 'k');
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("present", populated(at, small()));
	saw("eligible", smaps_word(at, "THPeligible"));
}

PROBE(thp__enabled__madvise)
{
	char *plain = room(1), *advised = room(1);

	thp("madvise");
	call(madvise, advised, pages(small()), MADV_HUGEPAGE);
	poke(plain, 'k');
	poke(advised, 'k');
	saw("plain", huge_share(plain, "AnonHugePages"));
	saw("advised", huge_share(advised, "AnonHugePages"));
	saw("eligible_plain", smaps_word(plain, "THPeligible"));
	saw("eligible_advised", smaps_word(advised, "THPeligible"));
}

PROBE(thp__enabled__never)
{
	char *at = room(1);

	thp("never");
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_HUGEPAGE)));
	poke(at, 'k');
	saw("advised", huge_share(at, "AnonHugePages"));
	saw("eligible", smaps_word(at, "THPeligible"));
}

PROBE(thp__enabled__nohugepage)
{
	char *at = room(1);

	thp("always");
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_NOHUGEPAGE)));
	poke(at, 'k');
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("eligible", smaps_word(at, "THPeligible"));
}

PROBE(thp__enabled__flags)
{
	char *at = room(1);

	call(madvise, at, pages(small()), MADV_HUGEPAGE);
	saw("hg", vm_flag(at, "hg"));
	call(madvise, at, pages(small()), MADV_NOHUGEPAGE);
	saw("hg_after", vm_flag(at, "hg"));
	saw("nh_after", vm_flag(at, "nh"));
}

PROBE(thp__enabled__stack_flag)
{
	char *at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_STACK);

	saw("nh", vm_flag(at, "nh"));
}

PROBE(thp__enabled__too_small)
{
	char *less = room(1), *crossing = room(2);

	thp("always");
	call(munmap, less + pages(small() - 1), page_size);
	call(munmap, crossing, page_size);
	call(munmap, crossing + pages(2 * small() - 1), page_size);
	poke(less, 'k');
	poke(crossing + page_size, 'k');
	saw("small_huge", huge_share(less, "AnonHugePages"));
	saw("small_eligible", smaps_word(less, "THPeligible"));
	saw("crossing_huge", huge_share(crossing + page_size, "AnonHugePages"));
	saw("crossing_eligible", smaps_word(crossing + page_size, "THPeligible"));
}

PROBE(thp__enabled__populate)
{
	char *at = room(2);

	thp("always");
	call(mmap, at, pages(2 * small()), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__enabled__locked)
{
	char *at = room(1);

	thp("always");
	poke(at, 'k');
	saw("part", outcome(call(mlock, at, page_size)));
	saw("huge", huge_share(at + page_size, "AnonHugePages"));
	saw("locked", smaps_pages(at, "Locked"));
}

PROBE(thp__zero_page__read)
{
	char *at = room(1);

	thp("always");
	set_knob(THP "use_zero_page", "1");
	saw("contents", peek(at));
	saw("present", populated(at, small()));
	saw("huge_read", huge_share(at, "AnonHugePages"));
	saw("rss", smaps_pages(at, "Rss"));
	poke(at, 'k');
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__zero_page__read_without)
{
	char *at = room(1);

	thp("always");
	set_knob(THP "use_zero_page", "0");
	peek(at);
	saw("huge", huge_share(at, "AnonHugePages"));
}

PROBE(thp__zero_page__node_of_zero_page)
{
	char *at = room(1);

	thp("always");
	peek(at);
	saw("node", node_of(at));
}

PROBE(thp__alignment__multiple)
{
	saw("aligned", placed(2 * small(), -1, MAP_PRIVATE | MAP_ANONYMOUS));
}

PROBE(thp__alignment__not_a_multiple)
{
	saw("aligned", placed(2 * small() + 1, -1, MAP_PRIVATE | MAP_ANONYMOUS));
}

PROBE(thp__alignment__less)
{
	saw("aligned", placed(small() - 1, -1, MAP_PRIVATE | MAP_ANONYMOUS));
}

PROBE(thp__alignment__shared)
{
	saw("aligned", placed(2 * small(), -1, MAP_SHARED | MAP_ANONYMOUS));
}

PROBE(thp__alignment__file)
{
	saw("aligned", placed(2 * small(), ext4_file(1, 'f'), MAP_PRIVATE));
}

PROBE(thp__alignment__stack)
{
	saw("aligned", placed(2 * small(), -1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK));
}

PROBE(thp__prctl__disable)
{
	char *at = room(1);

	thp("always");
	saw("set", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0)));
	saw("get", call(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0));
	poke(at, 'k');
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("eligible", smaps_word(at, "THPeligible"));
	saw("status", proc_number("/proc/self/status", "THP_enabled"));
}

PROBE(thp__prctl__inherited)
{
	call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	in_child
		saw("get", call(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

PROBE(thp__prctl__advised)
{
	char *at = room(1);

	thp("always");
	call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_HUGEPAGE)));
	poke(at, 'k');
	saw("huge", huge_share(at, "AnonHugePages"));
	saw("collapse", outcome(call(madvise, at, pages(small()), MADV_COLLAPSE)));
}

PROBE(thp__prctl__except_advised)
{
	char *plain = room(1), *advised = room(1);

	thp("always");
	saw("set", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 2, 0, 0)));
	saw("get", call(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0));
	call(madvise, advised, pages(small()), MADV_HUGEPAGE);
	poke(plain, 'k');
	poke(advised, 'k');
	saw("plain", huge_share(plain, "AnonHugePages"));
	saw("advised", huge_share(advised, "AnonHugePages"));
}

PROBE(thp__prctl__arguments)
{
	saw("third", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 0, 1, 0)));
	saw("flag_1", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 1, 0, 0)));
	saw("flag_4", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 4, 0, 0)));
	saw("off_with_flag", outcome(call(prctl, PR_SET_THP_DISABLE, 0, 2, 0, 0)));
	saw("get", outcome(call(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0)));
}
