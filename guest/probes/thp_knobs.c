#include "place.h"
#include "newer.h"
#include "transparent.h"

static void values(const char *path, const char *const *list, int n)
{
	char word[56];

	for (int i = 0; i < n; i++) {
		size_t j = 0;

		for (; list[i][j] && j < sizeof(word) - 1; j++)
			word[j] = list[i][j] == '+' ? '_' : list[i][j];
		word[j] = '\0';
		saw(word, try_knob(path, list[i]));
	}
}
#define VALUES(path, ...)                                                                                              \
	values(path, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* An untouched mapping of one huge page's size, aligned */
static char *room_of(int fd, int flags)
{
	size_t size = pages(small());
	char *at = space(2 * small());

	at = (char *)(((uintptr_t)at + size - 1) & ~(size - 1));
	if (address(call(mmap, at, size, RW, flags, fd, 0)) != at)
		broken("mmap at a free place");
	return at;
}

/* One first touch where huge pages of this many kilobytes are on: how many small pages came with it */
static void touch_with(const char *kilobytes)
{
	char *at = room_of(-1, MAP_PRIVATE | MAP_ANONYMOUS);
	const char *seen;

	thp("never");
	seen = try_knob(textf(THP "hugepages-%skB/enabled", kilobytes), "always");
	saw("knob", seen);
	poke(at, 'k');
	saw("rss", smaps_pages(at, "Rss"));
	saw("anon_huge", huge_share(at, "AnonHugePages"));
	saw("eligible", smaps_number(at, "THPeligible"));
}

PROBE(thp__knobs__enabled)
{
	saw("default", knob(THP "enabled"));
	VALUES(THP "enabled", "always", "madvise", "never", "sometimes", "inherit");
}

PROBE(thp__knobs__defrag)
{
	saw("default", knob(THP "defrag"));
	VALUES(THP "defrag", "always", "defer", "defer+madvise", "madvise", "never", "sometimes");
}

PROBE(thp__knobs__shmem_enabled)
{
	saw("default", knob(THP "shmem_enabled"));
	VALUES(THP "shmem_enabled", "always", "within_size", "advise", "never", "deny", "force", "inherit");
}

PROBE(thp__knobs__others)
{
	saw("use_zero_page", knob(THP "use_zero_page"));
	saw("use_zero_page_2", try_knob(THP "use_zero_page", "2"));
	saw("shrink_underused", knob(THP "shrink_underused"));
	saw("split_underused", knob(THP "split_underused_thp"));
	saw("thp_swap", knob(THP "thp_swap"));
	saw("file_enabled", knob(THP "file_enabled"));
	saw("debug_cow", knob(THP "debug_cow"));
}

PROBE(thp__knobs__khugepaged)
{
	saw("defrag", knob(THP "khugepaged/defrag"));
	saw("max_ptes_none", knob(THP "khugepaged/max_ptes_none"));
	saw("max_ptes_swap", knob(THP "khugepaged/max_ptes_swap"));
	saw("max_ptes_shared", knob(THP "khugepaged/max_ptes_shared"));
	saw("pages_to_scan", knob(THP "khugepaged/pages_to_scan"));
	saw("scan_sleep", knob(THP "khugepaged/scan_sleep_millisecs"));
	saw("alloc_sleep", knob(THP "khugepaged/alloc_sleep_millisecs"));
	saw("none_511", try_knob(THP "khugepaged/max_ptes_none", "511"));
	saw("none_512", try_knob(THP "khugepaged/max_ptes_none", "512"));
	saw("scan_0", try_knob(THP "khugepaged/pages_to_scan", "0"));
	saw("defrag_2", try_knob(THP "khugepaged/defrag", "2"));
}

PROBE(thp__knobs__sizes)
{
	static const char *const sizes[] = {"8", "16", "32", "64", "128", "256", "512", "1024", "2048"};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		saw(textf("anon_%s", sizes[i]), knob(textf(THP "hugepages-%skB/enabled", sizes[i])));
		saw(textf("shmem_%s", sizes[i]), knob(textf(THP "hugepages-%skB/shmem_enabled", sizes[i])));
	}
}

PROBE(thp__knobs__size_values)
{
	saw("anon_inherit", try_knob(THP "hugepages-64kB/enabled", "inherit"));
	saw("anon_bogus", try_knob(THP "hugepages-64kB/enabled", "sometimes"));
	saw("shmem_always", try_knob(THP "hugepages-64kB/shmem_enabled", "always"));
	saw("shmem_inherit", try_knob(THP "hugepages-64kB/shmem_enabled", "inherit"));
	saw("shmem_within_size", try_knob(THP "hugepages-64kB/shmem_enabled", "within_size"));
	saw("shmem_force", try_knob(THP "hugepages-64kB/shmem_enabled", "force"));
}

PROBE(thp__knobs__size_stats)
{
	static const char *const names[] = {"anon_fault_alloc", "anon_fault_fallback", "anon_fault_fallback_charge",
		"zswpout", "swpin", "swpin_fallback", "swpin_fallback_charge", "swpout", "swpout_fallback",
		"shmem_alloc", "shmem_fallback", "shmem_fallback_charge", "split", "split_failed", "split_deferred",
		"nr_anon", "nr_anon_partially_mapped", "collapse_alloc", "collapse_exceed_none_pte",
		"collapse_exceed_swap_pte", "collapse_exceed_shared_pte", "collapse_alloc_failed"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		saw(names[i], yes(file_number(textf(THP "hugepages-2048kB/stats/%s", names[i])) >= 0));
}

PROBE(thp__knobs__counters)
{
	static const char *const keys[] = {"thp_fault_alloc", "thp_fault_fallback", "thp_fault_fallback_charge",
		"thp_collapse_alloc", "thp_collapse_alloc_failed", "thp_file_alloc", "thp_file_mapped",
		"thp_split_page", "thp_split_page_failed", "thp_deferred_split_page", "thp_underused_split_page",
		"thp_split_pmd", "thp_split_pud", "thp_scan_exceed_none_pte", "thp_scan_exceed_swap_pte",
		"thp_scan_exceed_share_pte", "thp_zero_page_alloc", "thp_zero_page_alloc_failed",
		"nr_anon_transparent_hugepages", "nr_shmem_hugepages", "nr_shmem_pmdmapped", "nr_file_hugepages",
		"nr_file_pmdmapped"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		saw(keys[i], yes(proc_number("/proc/vmstat", keys[i]) >= 0));
}

PROBE(thp__sizes__size_64k)
{
	touch_with("64");
}

PROBE(thp__sizes__size_16k)
{
	touch_with("16");
}

PROBE(thp__sizes__size_8k)
{
	touch_with("8");
}

PROBE(thp__sizes__size_1024k)
{
	touch_with("1024");
}

PROBE(thp__sizes__size_2048k)
{
	touch_with("2048");
}

PROBE(thp__sizes__inherited)
{
	char *at = room_of(-1, MAP_PRIVATE | MAP_ANONYMOUS);

	thp("always");
	saw("pmd", try_knob(THP "hugepages-2048kB/enabled", "never"));
	saw("inherit", try_knob(THP "hugepages-64kB/enabled", "inherit"));
	poke(at, 'k');
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(thp__sizes__fork_shared)
{
	char *at = room_of(-1, MAP_PRIVATE | MAP_ANONYMOUS);

	thp("never");
	try_knob(THP "hugepages-64kB/enabled", "always");
	poke(at, 'k');
	in_child {
		poke(at, 'w');
		saw("child_dirty", smaps_pages(at, "Private_Dirty"));
		saw("child_rss", smaps_pages(at, "Rss"));
	}
}

PROBE(thp__shmem__never)
{
	char *at = room_of(-1, MAP_SHARED | MAP_ANONYMOUS);

	set_knob(THP "shmem_enabled", "never");
	call(madvise, at, pages(small()), MADV_HUGEPAGE);
	poke(at, 'k');
	saw("huge", huge_share(at, "ShmemPmdMapped"));
	saw("eligible", smaps_number(at, "THPeligible"));
}

PROBE(thp__shmem__always)
{
	char *at = room_of(-1, MAP_SHARED | MAP_ANONYMOUS);

	set_knob(THP "shmem_enabled", "always");
	poke(at, 'k');
	saw("huge", huge_share(at, "ShmemPmdMapped"));
	saw("rss", smaps_pages(at, "Rss") == small() ? "all" : "less");
	saw("eligible", smaps_number(at, "THPeligible"));
}

PROBE(thp__shmem__advise)
{
	char *plain = room_of(-1, MAP_SHARED | MAP_ANONYMOUS), *advised = room_of(-1, MAP_SHARED | MAP_ANONYMOUS);

	set_knob(THP "shmem_enabled", "advise");
	call(madvise, advised, pages(small()), MADV_HUGEPAGE);
	poke(plain, 'k');
	poke(advised, 'k');
	saw("plain", huge_share(plain, "ShmemPmdMapped"));
	saw("advised", huge_share(advised, "ShmemPmdMapped"));
}

PROBE(thp__shmem__prctl)
{
	char *at = room_of(-1, MAP_SHARED | MAP_ANONYMOUS);

	set_knob(THP "shmem_enabled", "always");
	call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	poke(at, 'k');
	saw("huge", huge_share(at, "ShmemPmdMapped"));
}

PROBE(thp__shmem__force)
{
	int fd = memfd("force", small(), 0, 0);
	char *at = room_of(fd, MAP_SHARED);

	set_knob(THP "shmem_enabled", "force");
	poke(at, 'k');
	saw("huge", huge_share(at, "ShmemPmdMapped"));
}

PROBE(thp__shmem__fallocate)
{
	int fd = memfd("always", 0, 0, 0);
	char *at;

	set_knob(THP "shmem_enabled", "always");
	make_room();
	call(fallocate, fd, 0, 0, (long long)pages(small()));
	at = room_of(fd, MAP_SHARED);
	poke(at, 'k');
	saw("huge", huge_share(at, "ShmemPmdMapped"));
}

PROBE(thp__file__ext4_advised)
{
	int fd = ext4_file(2 * small(), 'f');
	char *at;

	call(fsync, fd);
	drop_caches();
	at = room_of(fd, MAP_PRIVATE);
	saw("madvise", outcome(call(madvise, at, pages(small()), MADV_HUGEPAGE)));
	peek(at);
	saw("huge", huge_share(at, "FilePmdMapped"));
	saw("eligible", smaps_number(at, "THPeligible"));
}
