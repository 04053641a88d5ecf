#include "place.h"
#include "newer.h"

/* Waits until what was paged out has been written: only then may it go again, or its slots be free at once */
static void written(void)
{
	for (int i = 0; i < 1000; i++) {
		file_word("/proc/sys/vm/stat_refresh"); /* else few pages are not counted yet */
		if (proc_number("/proc/meminfo", "Writeback") <= 0)
			return;
	}
}

static long free_pages(void)
{
	return proc_number("/proc/meminfo", "SwapFree") / (long)(page_size >> 10);
}

PROBE(swapon__swapoff__forgotten)
{
	const char *path = swap_is_on(16);

	saw("swapoff", outcome(call(swapoff, path)));
	saw("type", proc_swaps(path, 1));
}

PROBE(swapon__swapoff__not_on)
{
	saw("swapoff", outcome(call(swapoff, swap_file(16))));
}

PROBE(swapon__swapoff__twice)
{
	const char *path = swap_is_on(16);

	saw("first", outcome(call(swapoff, path)));
	saw("second", outcome(call(swapoff, path)));
}

PROBE(swapon__swapoff__no_path)
{
	saw("null", outcome(call(swapoff, NOWHERE)));
	saw("empty", outcome(call(swapoff, "")));
	saw("directory", outcome(call(swapoff, "/mnt")));
	saw("device", outcome(call(swapoff, "/dev/null")));
}

PROBE(swapon__swapoff__other_name)
{
	const char *path = swap_is_on(16);
	int fd = (int)call(openat, AT_FDCWD, path, O_RDONLY, 0);

	saw("swapoff", outcome(call(swapoff, textf("/proc/self/fd/%d", fd))));
}

PROBE(swapon__swapoff__anonymous_pages)
{
	const char *path = swap_is_on(64);
	char *at = anon(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("before", swapped(at, 4));
	saw("swapoff", outcome(call(swapoff, path)));
	saw("swapped", swapped(at, 4));
	saw("present", populated(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swapon__swapoff__shared_pages)
{
	const char *path = swap_is_on(64);
	char *at = shared_anon(4, 'k');

	call(madvise, at, pages(4), MADV_PAGEOUT);
	saw("swap", smaps_pages(at, "Swap"));
	saw("swapoff", outcome(call(swapoff, path)));
	saw("swap_after", smaps_pages(at, "Swap"));
	saw("resident", residency(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swapon__swapoff__pages_of_another_process)
{
	const char *path = swap_is_on(64);
	char *at = anon(4, 'k');
	long result;

	call(madvise, at, pages(4), MADV_PAGEOUT);
	in_child {
		result = call(swapoff, path);
		saw("swapoff", outcome(result));
	}
	saw("swapped", swapped(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swapon__swapoff__pages_shared_by_fork)
{
	const char *path = swap_is_on(64);
	char *at = anon(4, 'k');

	call(madvise, at, pages(4), MADV_PAGEOUT);
	in_child {
		call(swapoff, path);
		saw("swapped_child", swapped(at, 4));
		saw("child", contents(at, 4));
	}
	saw("swapped_parent", swapped(at, 4));
	saw("parent", contents(at, 4));
}

PROBE(swapon__swapoff__to_other_area)
{
	const char *first = swap_file(64), *second = swap_file(64);
	char *at = anon(4, 'k');

	call(swapon, first, SWAP_FLAG_PREFER | 9);
	call(swapon, second, SWAP_FLAG_PREFER | 1);
	call(madvise, at, pages(4), MADV_PAGEOUT);
	saw("swapoff", outcome(call(swapoff, first)));
	saw("used_second", proc_swaps(second, 3));
	saw("swapped", swapped(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swapon__swapoff__not_enough_memory)
{
	const char *path = swap_is_on(64);

	set_knob("/proc/sys/vm/overcommit_ratio", "50"); /* setting one clears the other: both are restored */
	set_knob("/proc/sys/vm/overcommit_kbytes", "1");
	set_knob("/proc/sys/vm/admin_reserve_kbytes", "0");
	set_knob("/proc/sys/vm/overcommit_memory", "2");
	saw("swapoff", outcome(call(swapoff, path)));
	saw("type", proc_swaps(path, 1));
}

PROBE(swapon__swapoff__frees_all)
{
	long before;
	char *at;

	swap_is_on(64);
	before = free_pages();
	at = anon(16, 'k');
	call(madvise, at, pages(16), MADV_PAGEOUT);
	saw("taken", yes(free_pages() < before));
	written();
	call(munmap, at, pages(16));
	saw("lost", before - free_pages());
}

PROBE(swapon__accounting__commit_limit)
{
	set_knob("/proc/sys/vm/overcommit_ratio", "50"); /* setting one clears the other: both are restored */
	set_knob("/proc/sys/vm/overcommit_kbytes", "100000");

	long before = proc_number("/proc/meminfo", "CommitLimit");

	swap_is_on(64);
	saw("raised_by", (proc_number("/proc/meminfo", "CommitLimit") - before) / (long)(page_size >> 10));
}

PROBE(swapon__accounting__header_line)
{
	saw("filename", file_has("/proc/swaps", "Filename"));
	saw("priority", file_has("/proc/swaps", "Priority"));
}

PROBE(swapon__accounting__no_area)
{
	saw("total", proc_number("/proc/meminfo", "SwapTotal"));
	saw("free", proc_number("/proc/meminfo", "SwapFree"));
}
