#include "place.h"
#include "newer.h"

#define DISK "/dev/vdb"
#define ZRAM "/dev/zram0"

/* Kilobytes of /proc/swaps or /proc/meminfo as pages */
static long in_pages(long kilobytes)
{
	return kilobytes < 0 ? kilobytes : kilobytes / (long)(page_size >> 10);
}

static long swap_total(void)
{
	return in_pages(proc_number("/proc/meminfo", "SwapTotal"));
}

static int opened(const char *path, int flags)
{
	int fd = (int)call(openat, AT_FDCWD, path, flags, 0600);

	if (failed(fd))
		broken("open of %s: %s", path, outcome(fd));
	return fd;
}

/* Words of the header of a swap file, from its byte 1024 on */
static void put_header(const char *path, const uint32_t *words, size_t bytes)
{
	int fd = opened(path, O_WRONLY);

	if (call(pwrite64, fd, words, bytes, 1024) != (long)bytes)
		broken("the header of %s", path);
	call(fsync, fd);
	call(close, fd);
}

static const char *swapon_with(const uint32_t *words, size_t bytes)
{
	const char *path = swap_file(16);

	put_header(path, words, bytes);
	return outcome(call(swapon, path, 0));
}

static const char *swapon_zram(const uint32_t *words, size_t bytes)
{
	const char *path = swap_device(ZRAM, 16);

	put_header(path, words, bytes);
	return outcome(call(swapon, path, 0));
}

static uint32_t swapped_bytes(uint32_t word)
{
	return __builtin_bswap32(word);
}

PROBE(swapon__enable__file)
{
	long before = swap_total();
	const char *path = swap_file(16);

	saw("swapon", outcome(call(swapon, path, 0)));
	saw("type", proc_swaps(path, 1));
	saw("total_pages", swap_total() - before);
}

PROBE(swapon__enable__device)
{
	undo_by_swapoff(DISK);
	saw("swapon", outcome(call(swapon, DISK, 0)));
	saw("type", proc_swaps(DISK, 1));
	saw("kilobytes", proc_swaps(DISK, 2));
}

PROBE(swapon__enable__zram_device)
{
	long before = swap_total();
	const char *path = swap_device(ZRAM, 64);

	saw("swapon", outcome(call(swapon, path, 0)));
	saw("type", proc_swaps(path, 1));
	saw("total_pages", swap_total() - before);
}

PROBE(swapon__enable__none_used_at_first)
{
	saw("used", proc_swaps(swap_is_on(16), 3));
}

PROBE(swapon__enable__listed_after_removal)
{

	const char *path = swap_is_on(16);

	saw("unlink", outcome(call(unlinkat, AT_FDCWD, path, 0)));
	saw("type", proc_swaps(path, 1));
}

PROBE(swapon__signature__none)
{
	saw("swapon", outcome(call(swapon, swap_file_with(16, page_size, "", 1), 0)));
}

PROBE(swapon__signature__old_version)
{
	saw("swapon", outcome(call(swapon, swap_file_with(16, page_size, "SWAP-SPACE", 1), 0)));
}

PROBE(swapon__signature__hibernation_image)
{
	saw("swapon", outcome(call(swapon, swap_file_with(16, page_size, "S1SUSPEND", 1), 0)));
}

PROBE(swapon__signature__version_zero)
{
	saw("swapon", outcome(call(swapon, swap_file_with(16, page_size, "SWAPSPACE2", 0), 0)));
}

PROBE(swapon__signature__version_two)
{
	saw("swapon", outcome(call(swapon, swap_file_with(16, page_size, "SWAPSPACE2", 2), 0)));
}

PROBE(swapon__signature__other_byte_order)
{
	uint32_t header[] = {swapped_bytes(1), swapped_bytes(15), 0};

	saw("swapon", swapon_with(header, sizeof(header)));
}

PROBE(swapon__signature__no_pages)
{
	uint32_t header[] = {1, 0, 0};

	saw("swapon", swapon_with(header, sizeof(header)));
}

PROBE(swapon__signature__only_header)
{
	saw("swapon", outcome(call(swapon, swap_file(1), 0)));
}

PROBE(swapon__signature__shorter_than_said)
{
	uint32_t header[] = {1, 40, 0};

	saw("swapon", swapon_with(header, sizeof(header)));
}

PROBE(swapon__signature__longer_than_said)
{
	uint32_t header[] = {1, 7, 0};
	long before = swap_total();

	saw("swapon", swapon_with(header, sizeof(header)));
	saw("total_pages", swap_total() - before);
}

PROBE(swapon__signature__too_many_bad_pages)
{
	uint32_t header[] = {1, 15, 100000};

	saw("swapon", swapon_with(header, sizeof(header)));
}

PROBE(swapon__bad_pages__left_out)
{
	uint32_t header[1024 / 4] = {1, 15, 2};
	long before = swap_total();

	header[(1536 - 1024) / 4] = 3;
	header[(1536 - 1024) / 4 + 1] = 5;
	saw("swapon", swapon_zram(header, sizeof(header)));
	saw("total_pages", swap_total() - before);
}

PROBE(swapon__bad_pages__page_zero)
{
	uint32_t header[1024 / 4] = {1, 15, 1};

	saw("swapon", swapon_zram(header, sizeof(header)));
}

PROBE(swapon__bad_pages__beyond_end)
{
	uint32_t header[1024 / 4] = {1, 15, 1};

	header[(1536 - 1024) / 4] = 4000;
	saw("swapon", swapon_zram(header, sizeof(header)));
}

PROBE(swapon__bad_pages__of_file)
{
	uint32_t header[1024 / 4] = {1, 15, 1};

	header[(1536 - 1024) / 4] = 3;
	saw("swapon", swapon_with(header, sizeof(header)));
}

PROBE(swapon__page_size__larger)
{
	if (page_size * 2 > 65536)
		unmet("the kernel's pages are the largest there are");
	saw("swapon", outcome(call(swapon, swap_file_with(8, page_size * 2, "SWAPSPACE2", 1), 0)));
}

PROBE(swapon__page_size__same)
{
	saw("swapon", outcome(call(swapon, swap_file_with(8, page_size, "SWAPSPACE2", 1), 0)));
}

PROBE(swapon__kinds__character_device)
{
	saw("swapon", outcome(call(swapon, "/dev/null", 0)));
}

PROBE(swapon__kinds__directory)
{
	saw("swapon", outcome(call(swapon, "/mnt", 0)));
}

PROBE(swapon__kinds__missing)
{
	saw("swapon", outcome(call(swapon, "/mnt/ext4/missing", 0)));
	saw("swapoff", outcome(call(swapoff, "/mnt/ext4/missing")));
}

PROBE(swapon__kinds__empty_path)
{
	saw("empty", outcome(call(swapon, "", 0)));
	saw("null", outcome(call(swapon, NOWHERE, 0)));
}

PROBE(swapon__kinds__memfd)
{
	int fd = memfd("swap", 16, 'm', 0);

	saw("swapon", outcome(call(swapon, textf("/proc/self/fd/%d", fd), 0)));
}

PROBE(swapon__kinds__tmpfs_file)
{
	undo_by_unlink("/tmp/swap");
	call(close, (int)call(openat, AT_FDCWD, "/tmp/swap", O_RDWR | O_CREAT, 0600));
	saw("swapon", outcome(call(swapon, "/tmp/swap", 0)));
}

PROBE(swapon__kinds__unlinked_file)
{
	const char *path = swap_file(16);
	int fd = opened(path, O_RDWR);

	call(unlinkat, AT_FDCWD, path, 0);
	saw("swapon", outcome(call(swapon, textf("/proc/self/fd/%d", fd), 0)));
	call(swapoff, textf("/proc/self/fd/%d", fd));
}

PROBE(swapon__kinds__hole)
{
	const char *path = swap_file(16);
	int fd = opened(path, O_RDWR);

	call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (long)pages(8), (long)pages(4));
	call(fsync, fd);
	call(close, fd);
	saw("swapon", outcome(call(swapon, path, 0)));
}

PROBE(swapon__kinds__empty_file)
{
	const char *path = swap_file(2);
	int fd = opened(path, O_RDWR);

	call(ftruncate, fd, 0);
	call(close, fd);
	saw("swapon", outcome(call(swapon, path, 0)));
}

PROBE(swapon__privilege__user)
{
	const char *path = swap_file(16);

	in_child {
		become_user();
		saw("swapon", outcome(call(swapon, path, 0)));
		saw("swapoff", outcome(call(swapoff, path)));
	}
}

PROBE(swapon__privilege__without_capability)
{
	in_child {
		drop_capability(21 /* CAP_SYS_ADMIN, linux/capability.h */);
		saw("swapon", outcome(call(swapon, "/mnt/ext4/missing", 0)));
		saw("swapoff", outcome(call(swapoff, "/mnt/ext4/missing")));
	}
}
