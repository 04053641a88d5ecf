#include "place.h"
#include "newer.h"

#define DISK "/dev/vdb"

static const char *swapon_as(const char *path, int flags)
{
	return outcome(call(swapon, path, flags));
}

PROBE(swapon__priority__default_of_one)
{
	saw("priority", proc_swaps(swap_is_on(16), 4));
}

PROBE(swapon__priority__default_of_three)
{
	const char *one = swap_is_on(16), *two = swap_is_on(16), *three = swap_is_on(16);

	saw("first", proc_swaps(one, 4));
	saw("second", proc_swaps(two, 4));
	saw("third", proc_swaps(three, 4));
}

PROBE(swapon__priority__default_after_swapoff)
{
	const char *one = swap_is_on(16), *two = swap_is_on(16);

	call(swapoff, one);
	saw("second", proc_swaps(two, 4));
	saw("third", proc_swaps(swap_is_on(16), 4));
}

PROBE(swapon__priority__given)
{
	const char *path = swap_file(16);

	saw("swapon", swapon_as(path, SWAP_FLAG_PREFER | 5));
	saw("priority", proc_swaps(path, 4));
}

PROBE(swapon__priority__lowest_and_highest)
{
	const char *lowest = swap_file(16), *highest = swap_file(16);

	swapon_as(lowest, SWAP_FLAG_PREFER);
	swapon_as(highest, SWAP_FLAG_PREFER | 0x7fff);
	saw("lowest", proc_swaps(lowest, 4));
	saw("highest", proc_swaps(highest, 4));
}

PROBE(swapon__priority__without_the_flag)
{
	const char *path = swap_file(16);

	saw("swapon", swapon_as(path, 5));
	saw("priority", proc_swaps(path, 4));
}

PROBE(swapon__priority__same_twice)
{
	const char *one = swap_file(16), *two = swap_file(16);

	swapon_as(one, SWAP_FLAG_PREFER | 7);
	saw("swapon", swapon_as(two, SWAP_FLAG_PREFER | 7));
	saw("priority", proc_swaps(two, 4));
}

PROBE(swapon__priority__highest_first)
{
	const char *low = swap_file(128), *high = swap_file(33);
	char *at = anon(64, 'k');

	swapon_as(low, SWAP_FLAG_PREFER | 1);
	swapon_as(high, SWAP_FLAG_PREFER | 9);
	call(madvise, at, pages(64), MADV_PAGEOUT);
	saw("high_full", yes(strcmp(proc_swaps(high, 3), proc_swaps(high, 2)) == 0));
	saw("low_used", yes(strcmp(proc_swaps(low, 3), "0") != 0));
	saw("contents", contents(at, 8));
}

PROBE(swapon__priority__file_goes_to_highest)
{
	const char *low = swap_file(64), *high = swap_file(512);
	char *at = anon(8, 'k');

	swapon_as(low, 0);
	swapon_as(high, SWAP_FLAG_PREFER | 9);
	call(madvise, at, pages(8), MADV_PAGEOUT);
	saw("low", proc_swaps(low, 3));
	saw("high_used", yes(strcmp(proc_swaps(high, 3), "0") != 0));
}

PROBE(swapon__discard__file)
{
	const char *path = swap_file(16);

	saw("discard", swapon_as(path, SWAP_FLAG_DISCARD));
	call(swapoff, path);
	saw("once", swapon_as(path, SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE));
	call(swapoff, path);
	saw("pages", swapon_as(path, SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_PAGES));
}

PROBE(swapon__discard__device)
{
	undo_by_swapoff(DISK);
	saw("discard", swapon_as(DISK, SWAP_FLAG_DISCARD));
	call(swapoff, DISK);
	saw("once", swapon_as(DISK, SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE));
	call(swapoff, DISK);
	saw("pages", swapon_as(DISK, SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_PAGES));
}

PROBE(swapon__discard__both_policies)
{
	saw("swapon", swapon_as(swap_file(16), SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE | SWAP_FLAG_DISCARD_PAGES));
}

PROBE(swapon__discard__policy_alone)
{
	saw("swapon", swapon_as(swap_file(16), SWAP_FLAG_DISCARD_PAGES));
}

PROBE(swapon__flags__unknown_bits)
{
	const char *path = swap_file(16);

	saw("bit_19", swapon_as(path, 1 << 19));
	saw("bit_20", swapon_as(path, 1 << 20));
	saw("bit_30", swapon_as(path, 1 << 30));
}

PROBE(swapon__flags__before_privilege)
{
	in_child {
		become_user();
		saw("swapon", swapon_as("/mnt/ext4/missing", 1 << 20));
	}
}

PROBE(swapon__busy__twice)
{
	saw("again", swapon_as(swap_is_on(16), 0));
}

PROBE(swapon__busy__other_name)
{
	const char *path = swap_is_on(16);
	int fd = (int)call(openat, AT_FDCWD, path, O_RDONLY, 0);

	saw("again", swapon_as(textf("/proc/self/fd/%d", fd), 0));
}

PROBE(swapon__busy__device_twice)
{
	undo_by_swapoff(DISK);
	swapon_as(DISK, 0);
	saw("again", swapon_as(DISK, 0));
}

PROBE(swapon__busy__mounted_device)
{
	saw("swapon", swapon_as("/dev/vda", 0));
}

PROBE(swapon__busy__open_device)
{
	int fd = (int)call(openat, AT_FDCWD, DISK, O_RDWR, 0);

	undo_by_swapoff(DISK);
	saw("open", swapon_as(DISK, 0));
	call(swapoff, DISK);
	call(close, fd);
	fd = (int)call(openat, AT_FDCWD, DISK, O_RDWR | O_EXCL, 0);
	saw("exclusive", swapon_as(DISK, 0));
}

PROBE(swapon__busy__open_of_used_device)
{
	undo_by_swapoff(DISK);
	swapon_as(DISK, 0);
	saw("read_only", yes(!failed(call(openat, AT_FDCWD, DISK, O_RDONLY, 0))));
	saw("write", yes(!failed(call(openat, AT_FDCWD, DISK, O_RDWR, 0))));
	saw("exclusive", textf("%s", failed(call(openat, AT_FDCWD, DISK, O_RDWR | O_EXCL, 0)) ? "refused" : "ok"));
}

PROBE(swapon__file_protected__changes)
{
	const char *path = swap_is_on(16);
	int fd = (int)call(openat, AT_FDCWD, path, O_RDWR, 0);

	saw("open", yes(!failed(fd)));
	saw("write",
		outcome(call(pwrite64, fd, "w", 1, (long)pages(3)) == 1 ? 0
									: call(pwrite64, fd, "w", 1, (long)pages(3))));
	saw("truncate", outcome(call(ftruncate, fd, (long)pages(8))));
	saw("extend", outcome(call(ftruncate, fd, (long)pages(32))));
	saw("punch", outcome(call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (long)pages(4))));
	saw("allocate", outcome(call(fallocate, fd, 0, 0, (long)pages(4))));
	saw("unlink", outcome(call(unlinkat, AT_FDCWD, path, 0)));
}

PROBE(swapon__file_protected__mappings)
{
	int fd = (int)call(openat, AT_FDCWD, swap_is_on(16), O_RDWR, 0);

	saw("shared_write", outcome(call(mmap, space(1), pages(1), RW, MAP_SHARED, fd, 0)));
	saw("shared_read", outcome(call(mmap, space(1), pages(1), PROT_READ, MAP_SHARED, fd, 0)));
	saw("private_write", outcome(call(mmap, space(1), pages(1), RW, MAP_PRIVATE, fd, 0)));
}

PROBE(swapon__file_protected__mapped_before)
{
	const char *path = swap_file(16);
	int fd = (int)call(openat, AT_FDCWD, path, O_RDWR, 0);
	char *at = mapped(fd, 16, RW, MAP_SHARED);

	saw("swapon", swapon_as(path, 0));
	saw("write", poke(at + pages(5), 'w'));
}

PROBE(swapon__file_protected__free_after_swapoff)
{
	const char *path = swap_is_on(16);
	int fd = (int)call(openat, AT_FDCWD, path, O_RDWR, 0);

	call(swapoff, path);
	saw("write", yes(call(pwrite64, fd, "w", 1, 0) == 1)[0] == 'y' ? "ok" : "refused");
	saw("unlink", outcome(call(unlinkat, AT_FDCWD, path, 0)));
}

PROBE(swapon__limit__count)
{
	const char *seen = "ok";
	long n = 0;

	while (n < 31) {
		seen = swapon_as(swap_file(2), 0);
		if (strcmp(seen, "ok") != 0)
			break;
		n++;
	}
	saw("areas", n);
	saw("error", seen);
}
