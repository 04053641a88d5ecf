#include "place.h"
#include "newer.h"

static char *in_swap(long n, char letter)
{
	char *at;

	swap_is_on(64);
	at = anon(n, letter);
	if (failed(call(madvise, at, pages(n), MADV_PAGEOUT)))
		broken("MADV_PAGEOUT");
	return at;
}

PROBE(swap__operations__dontneed)
{
	char *at = in_swap(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_DONTNEED)));
	saw("swap", smaps_pages(at, "Swap"));
	saw("contents", contents(at, 4));
}

PROBE(swap__operations__free)
{
	char *at = in_swap(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_FREE)));
	saw("swap", smaps_pages(at, "Swap"));
	saw("contents", contents(at, 4));
}

PROBE(swap__operations__free_then_page_out)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	call(madvise, at, pages(4), MADV_FREE);
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swap__operations__cold_stays)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_COLD)));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__operations__mremap)
{
	char *at = in_swap(4, 'k'), *to = space(4);

	saw("mremap", outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("swapped", swapped(to, 4));
	saw("contents", contents(to, 4));
}

PROBE(swap__operations__mremap_dontunmap)
{
	char *at = in_swap(4, 'k'), *to = space(4);

	saw("mremap",
		outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to)));
	saw("swapped", swapped(to, 4));
	saw("contents", contents(to, 4));
	saw("left", contents(at, 4));
}

PROBE(swap__operations__fork)
{
	char *at = in_swap(4, 'k');

	in_child {
		saw("child_swapped", swapped(at, 4));
		poke(at, 'w');
		saw("child", contents(at, 4));
	}
	saw("parent_swapped", swapped(at, 4));
	saw("parent", contents(at, 4));
}

PROBE(swap__operations__fork_shares_swap_pss)
{
	char *at = in_swap(4, 'k');

	in_child {
		saw("swap", smaps_pages(at, "Swap"));
		saw("swap_pss", smaps_pages(at, "SwapPss"));
	}
}

PROBE(swap__operations__dontfork)
{
	char *at = in_swap(4, 'k');

	call(madvise, at, pages(4), MADV_DONTFORK);
	in_child
		saw("child", peek(at));
}

PROBE(swap__operations__wipeonfork)
{
	char *at = in_swap(4, 'k');

	call(madvise, at, pages(4), MADV_WIPEONFORK);
	in_child
		saw("child", contents(at, 4));
	saw("parent", contents(at, 4));
}

PROBE(swap__operations__mprotect)
{
	char *at = in_swap(4, 'k');

	saw("mprotect", outcome(call(mprotect, at, pages(4), PROT_READ)));
	saw("swapped", swapped(at, 4));
	saw("write", poke(at, 'w'));
}

PROBE(swap__operations__mincore)
{
	char *at = in_swap(1, 'k');

	saw("before", residency(at, 1));
	peek(at);
	saw("after", residency(at, 1));
}

PROBE(swap__operations__guard_install)
{
	char *at = in_swap(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_GUARD_INSTALL)));
	saw("swap", smaps_pages(at, "Swap"));
	saw("touch", peek(at));
}

PROBE(swap__operations__locked_dontneed)
{
	char *at = in_swap(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_DONTNEED_LOCKED)));
	saw("swap", smaps_pages(at, "Swap"));
}

PROBE(swap__operations__mergeable)
{
	char *at = in_swap(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__operations__soft_dirty_write)
{
	char *at = in_swap(4, 'k');

	poke_pages(at, 2, 'w');
	saw("dirty", smaps_pages(at, "Private_Dirty"));
	saw("swap", smaps_pages(at, "Swap"));
}

PROBE(swap__knobs__swappiness)
{
	const char *path = "/proc/sys/vm/swappiness";

	saw("default", knob(path));
	saw("at_0", try_knob(path, "0"));
	saw("at_200", try_knob(path, "200"));
	saw("at_201", try_knob(path, "201"));
	saw("negative", try_knob(path, "-1"));
}

PROBE(swap__knobs__page_cluster)
{
	const char *path = "/proc/sys/vm/page-cluster";

	saw("default", knob(path));
	saw("at_31", try_knob(path, "31"));
	saw("at_32", try_knob(path, "32"));
	saw("negative", try_knob(path, "-1"));
}

PROBE(swap__knobs__read_ahead_by_mapping)
{
	const char *path = "/sys/kernel/mm/swap/vma_ra_enabled";

	saw("default", knob(path));
	saw("off", try_knob(path, "false"));
	saw("word", try_knob(path, "perhaps"));
}

PROBE(swap__knobs__zswap)
{
	saw("enabled", knob("/sys/module/zswap/parameters/enabled"));
	saw("compressor", knob("/sys/module/zswap/parameters/compressor"));
	saw("pool", knob("/sys/module/zswap/parameters/zpool"));
	saw("max_pool_percent", knob("/sys/module/zswap/parameters/max_pool_percent"));
	saw("accept_threshold", knob("/sys/module/zswap/parameters/accept_threshold_percent"));
	saw("same_filled", knob("/sys/module/zswap/parameters/same_filled_pages_enabled"));
	saw("shrinker", knob("/sys/module/zswap/parameters/shrinker_enabled"));
	saw("meminfo", file_has("/proc/meminfo", "Zswap:"));
}

PROBE(swap__knobs__generations)
{
	saw("enabled", knob("/sys/kernel/mm/lru_gen/enabled"));
	saw("min_ttl_ms", knob("/sys/kernel/mm/lru_gen/min_ttl_ms"));
}

PROBE(swap__knobs__counters)
{
	static const char *const keys[] = {"pswpin", "pswpout", "swap_ra", "swap_ra_hit", "swpin_zero", "swpout_zero",
		"thp_swpout", "thp_swpout_fallback", "thp_swpin", "nr_swapcached", "zswpin", "zswpout", "zswpwb",
		"pgsteal_anon", "pgscan_anon", "pgsteal_khugepaged", "pgsteal_proactive", "pgscan_proactive",
		"pgsteal_file", "drop_pagecache", "allocstall_device", "pgmigrate_su", "workingset_restore_anon",
		"workingset_restore_file", "nr_zspages", "nr_sec_page_table_pages", "nr_kernel_misc_reclaimable",
		"swap_ra_miss", "ksm_swpin_copy", "cow_ksm", "balloon_inflate", "pgreuse", "nr_page_table_pages"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		saw(keys[i], yes(proc_number("/proc/vmstat", keys[i]) >= 0));
}
