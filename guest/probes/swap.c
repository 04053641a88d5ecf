#include "place.h"
#include "newer.h"
#include <linux/resource.h>

#define ZRAM "/dev/zram0"

/* Waits until what was paged out has been written: only then may it go again, or its slots be free at once */
static void written(void)
{
	for (int i = 0; i < 1000; i++) {
		file_word("/proc/sys/vm/stat_refresh"); /* else few pages are not counted yet */
		if (proc_number("/proc/meminfo", "Writeback") <= 0)
			return;
	}
}

static void zram_is_on(void)
{
	long result = call(swapon, swap_device(ZRAM, 4096), SWAP_FLAG_PREFER | 5);

	if (failed(result))
		broken("swapon of zram: %s", outcome(result));
}

/* Anonymous pages that lie in swap */
static char *paged_out(long n, char letter)
{
	char *at = anon(n, letter);
	long result = call(madvise, at, pages(n), MADV_PAGEOUT);

	if (failed(result))
		broken("MADV_PAGEOUT: %s", outcome(result));
	return at;
}

static long vmstat(const char *key)
{
	return proc_number("/proc/vmstat", key);
}

PROBE(swap__page_out__anonymous)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 4));
	saw("present", populated(at, 4));
	saw("rss", smaps_pages(at, "Rss"));
	saw("swap", smaps_pages(at, "Swap"));
	saw("swap_pss", smaps_pages(at, "SwapPss"));
	saw("vm_swap", proc_number("/proc/self/status", "VmSwap") / (long)(page_size >> 10));
}

PROBE(swap__page_out__without_area)
{
	char *at = anon(4, 'k');

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 4));
	saw("present", populated(at, 4));
}

PROBE(swap__page_out__area_full)
{
	char *at;

	swap_is_on(5);
	at = anon(12, 'k');
	saw("madvise", outcome(call(madvise, at, pages(12), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 12));
	saw("swap", smaps_pages(at, "Swap"));
	saw("contents", contents(at, 12));
}

PROBE(swap__page_out__untouched)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 0);
	peek(at);
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 4));
	saw("present", populated(at, 4));
}

PROBE(swap__page_out__shared_by_fork)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	int other = other_process();

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_PAGEOUT)));
	saw("swapped", swapped(at, 4));
	end_other(other);
	saw("contents", contents(at, 4));
}

PROBE(swap__page_out__read_only)
{
	char *read, *none;

	swap_is_on(64);
	read = anon(4, 'k');
	none = anon(4, 'k');
	call(mprotect, read, pages(4), PROT_READ);
	call(mprotect, none, pages(4), PROT_NONE);
	saw("madvise_read", outcome(call(madvise, read, pages(4), MADV_PAGEOUT)));
	saw("madvise_none", outcome(call(madvise, none, pages(4), MADV_PAGEOUT)));
	saw("swapped_read", swapped(read, 4));
	saw("swapped_none", swapped(none, 4));
}

PROBE(swap__page_out__private_copies_of_file)
{
	int fd;
	char *at;

	swap_is_on(64);
	fd = scratch_file(8, 'a');
	at = mapped(fd, 8, RW, MAP_PRIVATE);
	poke_pages(at, 4, 'w');
	saw("madvise", outcome(call(madvise, at, pages(8), MADV_PAGEOUT)));
	saw("copies", swapped(at, 4));
	saw("contents", contents(at, 8));
}

PROBE(swap__page_out__zero_filled)
{
	char *at;
	long before;

	swap_is_on(64);
	at = anon(8, 0);
	poke_pages(at, 8, 0);
	before = vmstat("pswpout");
	call(madvise, at, pages(8), MADV_PAGEOUT);
	saw("swapped", swapped(at, 8));
	saw("written", vmstat("pswpout") - before);
	saw("contents", contents(at, 8));
}

PROBE(swap__page_out__by_other_process)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	int pid = (int)call(getpid);

	in_child {
		int fd = (int)call(pidfd_open, pid, 0);
		uintptr_t vector[2] = {(uintptr_t)at, pages(4)};
		long result;

		call(madvise, at, pages(4), MADV_DONTNEED);
		result = call(process_madvise, fd, vector, 1, MADV_PAGEOUT, 0);
		saw("process_madvise", failed(result) ? outcome(result) : textf("%ld", result / (long)page_size));
	}
	saw("swapped", swapped(at, 4));
}

PROBE(swap__page_in__read)
{
	char *at;

	swap_is_on(64);
	at = paged_out(4, 'k');
	saw("page", peek(at + pages(2)));
	saw("present", populated(at + pages(2), 1));
	saw("contents", contents(at, 4));
}

PROBE(swap__page_in__write)
{
	char *at;

	swap_is_on(64);
	at = paged_out(1, 'k');
	saw("poke", poke(at, 'w'));
	saw("first", peek(at));
	saw("second", peek(at + 1));
}

PROBE(swap__page_in__faults_of_zram)
{
	struct rusage before, after;

	char *at;

	zram_is_on();
	at = paged_out(1, 'k');
	saw("resident", residency(at, 1));
	call(getrusage, 0, &before);
	peek(at);
	call(getrusage, 0, &after);
	saw("major", after.ru_majflt - before.ru_majflt);
	saw("swap", smaps_pages(at, "Swap"));
}

PROBE(swap__page_in__neighbours_in_zram)
{
	char *at;

	zram_is_on();
	at = paged_out(16, 'a');
	peek(at);
	saw("resident_all", residency(at, 16));
	saw("present", populated(at + pages(1), 15));
}

PROBE(swap__page_in__populate)
{
	char *at;

	swap_is_on(64);
	at = paged_out(4, 'k');
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_POPULATE_READ)));
	saw("present", populated(at, 4));
}

PROBE(swap__page_in__through_proc_mem)
{
	char *at, byte[2] = "";
	uintptr_t from[2], to[2];

	swap_is_on(64);
	at = paged_out(4, 'k');
	from[0] = (uintptr_t)(at + pages(2));
	to[0] = (uintptr_t)byte;
	from[1] = to[1] = 1;
	saw("read", call(process_vm_readv, (int)call(getpid), to, 1, from, 1, 0));
	saw("byte", byte);
	saw("present", populated(at + pages(2), 1));
}

PROBE(swap__swap_cache__disk_keeps)
{
	char *at;

	swap_is_on(64);
	at = paged_out(4, 'k');
	saw("resident", residency(at, 4));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__swap_cache__zram_drops)
{
	char *at;

	zram_is_on();
	at = paged_out(4, 'k');
	saw("resident", residency(at, 4));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__swap_cache__unchanged_page_again)
{
	char *at;
	long before, result = 0, least = 0;

	swap_is_on(64);
	at = paged_out(1, 'k');
	written();
	/* The counter is the machine's: what somebody else writes meanwhile is not there every time. */
	for (int i = 0; i < 3; i++) {
		long now;

		peek(at);
		before = vmstat("pswpout");
		result = call(madvise, at, pages(1), MADV_PAGEOUT);
		now = vmstat("pswpout") - before;
		least = i == 0 || now < least ? now : least;
	}
	saw("madvise", outcome(result));
	saw("written", least);
	saw("swapped", swapped(at, 1));
}
