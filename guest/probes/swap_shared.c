#include "place.h"
#include "newer.h"
#include <linux/shm.h>

/* Waits until what was paged out has been written: only then may it go again, or its slots be free at once */
static void written(void)
{
	for (int i = 0; i < 1000; i++) {
		file_word("/proc/sys/vm/stat_refresh"); /* else few pages are not counted yet */
		if (proc_number("/proc/meminfo", "Writeback") <= 0)
			return;
	}
}

static long swap_pages(const char *path)
{
	const char *used = proc_swaps(path, 3);

	return strcmp(used, "absent") == 0 ? -1 : strcmp(used, "0") != 0;
}

/* A mapping of 4 pages, each paged out; answers what madvise said */
static const char *page_out(char *at)
{
	return outcome(call(madvise, at, pages(4), MADV_PAGEOUT));
}

PROBE(swap__shared_memory__anonymous)
{
	char *at;

	swap_is_on(64);
	at = shared_anon(4, 'k');
	saw("madvise", page_out(at));
	saw("present", populated(at, 4));
	saw("swapped", swapped(at, 4));
	saw("swap", smaps_pages(at, "Swap"));
	saw("resident", residency(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swap__shared_memory__anonymous_in_zram)
{
	char *at;

	call(swapon, swap_device("/dev/zram0", 4096), 0);
	at = shared_anon(4, 'k');
	saw("madvise", page_out(at));
	saw("present", populated(at, 4));
	saw("swapped", swapped(at, 4));
	saw("swap", smaps_pages(at, "Swap"));
	saw("resident", residency(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swap__shared_memory__memfd)
{
	char byte[2] = "";
	char *at;
	int fd;

	swap_is_on(64);
	fd = memfd("swap", 4, 'k', 0);
	at = mapped(fd, 4, RW, MAP_SHARED);
	fill(at, 4, 'k');
	saw("madvise", page_out(at));
	saw("swap", smaps_pages(at, "Swap"));
	call(pread64, fd, byte, 1, 0);
	saw("read", byte);
	saw("swap_after", smaps_pages(at, "Swap"));
}

PROBE(swap__shared_memory__private_mapping_of_memfd)
{
	char *at;
	int fd;

	swap_is_on(64);
	fd = memfd("swap", 4, 'k', 0);
	at = mapped(fd, 4, RW, MAP_PRIVATE);
	contents(at, 4);
	saw("madvise", page_out(at));
	saw("present", populated(at, 4));
	saw("swap", smaps_pages(at, "Swap"));
}

PROBE(swap__shared_memory__segment)
{
	char *at;

	swap_is_on(64);
	at = shm_attached(shm_segment(4, 0), 0);
	fill(at, 4, 'k');
	saw("madvise", page_out(at));
	saw("swap", smaps_pages(at, "Swap"));
	saw("contents", contents(at, 4));
}

PROBE(swap__shared_memory__locked_segment)
{
	char *at;
	int id;

	swap_is_on(64);
	id = shm_segment(4, 0);
	at = shm_attached(id, 0);
	fill(at, 4, 'k');
	saw("lock", outcome(call(shmctl, id, SHM_LOCK, NOWHERE)));
	saw("madvise", page_out(at));
	saw("swap", smaps_pages(at, "Swap"));
	saw("present", populated(at, 4));
}

PROBE(swap__shared_memory__willneed)
{
	char *at;

	swap_is_on(64);
	at = shared_anon(4, 'k');
	page_out(at);
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_WILLNEED)));
	saw("resident", residency(at, 4));
	saw("present", populated(at, 4));
}

PROBE(swap__shared_memory__truncated)
{
	const char *path = swap_is_on(64);
	int fd = memfd("swap", 4, 'k', 0);
	char *at = mapped(fd, 4, RW, MAP_SHARED);

	fill(at, 4, 'k');
	page_out(at);
	saw("before", swap_pages(path));
	written();
	call(ftruncate, fd, 0);
	saw("used", swap_pages(path));
}

PROBE(swap__shared_memory__two_mappers)
{
	char *at;

	swap_is_on(64);
	at = shared_anon(4, 'k');
	in_child {
		contents(at, 4);
		saw("madvise", page_out(at));
		saw("swap", smaps_pages(at, "Swap"));
	}
	saw("contents", contents(at, 4));
}

PROBE(swap__willneed__from_zram)
{
	char *at;

	call(swapon, swap_device("/dev/zram0", 4096), 0);
	at = anon(4, 'k');
	page_out(at);
	saw("before", residency(at, 4));
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_WILLNEED)));
	saw("resident", residency(at, 4));
	saw("present", populated(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swap__willneed__from_file)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	page_out(at);
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_WILLNEED)));
	saw("resident", residency(at, 4));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__mlock__locked_pages)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	call(mlock, at, pages(4));
	saw("madvise", page_out(at));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__mlock__pages_in_swap)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	page_out(at);
	saw("mlock", outcome(call(mlock, at, pages(4))));
	saw("swapped", swapped(at, 4));
	saw("present", populated(at, 4));
	saw("contents", contents(at, 4));
}

PROBE(swap__mlock__on_fault_pages_in_swap)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	page_out(at);
	saw("mlock2", outcome(call(mlock2, at, pages(4), MLOCK_ONFAULT)));
	saw("swapped", swapped(at, 4));
	saw("touched", peek(at));
	saw("locked", smaps_pages(at, "Locked"));
}

PROBE(swap__mlock__unlocked_again)
{
	char *at;

	swap_is_on(64);
	at = anon(4, 'k');
	call(mlock, at, pages(4));
	call(munlock, at, pages(4));
	saw("madvise", page_out(at));
	saw("swapped", swapped(at, 4));
}

PROBE(swap__mlock__secret_memory)
{
	int fd = (int)call(memfd_secret, 0);
	char *at;

	saw("memfd_secret", fd == -1 || failed(fd) ? outcome(fd) : "ok");
	if (failed(fd))
		return;
	swap_is_on(64);
	call(ftruncate, fd, (long)pages(4));
	at = mapped(fd, 4, RW, MAP_SHARED);
	fill(at, 4, 'k');
	saw("madvise", page_out(at));
	saw("present", populated(at, 4));
}
