#include "place.h"
#include "newer.h"

static long pool(const char *key)
{
	return proc_number("/proc/meminfo", key);
}

static const char *advised(void *at, size_t bytes, int advice)
{
	return outcome(call(madvise, at, bytes, advice));
}

PROBE(hugetlb__partial__munmap)
{
	char *at = huge(2, 'h', MAP_PRIVATE);

	saw("small", outcome(call(munmap, at, page_size)));
	saw("unaligned", outcome(call(munmap, at + page_size, huge_size())));
	saw("whole", outcome(call(munmap, at, huge_size())));
	saw("left", peek(at + huge_size()));
}

PROBE(hugetlb__partial__mprotect)
{
	char *at = huge(2, 'h', MAP_PRIVATE);

	saw("small", outcome(call(mprotect, at, page_size, PROT_READ)));
	saw("unaligned", outcome(call(mprotect, at + page_size, huge_size(), PROT_READ)));
	saw("whole", outcome(call(mprotect, at, huge_size(), PROT_READ)));
	saw("write", poke(at, 'w'));
}

PROBE(hugetlb__partial__mmap_length)
{
	char *at = space((long)(2 * huge_size() / page_size));

	at = (char *)(((uintptr_t)at + huge_size() - 1) & ~(huge_size() - 1));
	saw("mmap", outcome(call(mmap, at, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0)));
	saw("mapped", mapping_pages(at) / (int)(huge_size() / page_size));
}

PROBE(hugetlb__partial__mmap_address)
{
	char *at = space((long)(3 * huge_size() / page_size));

	at = (char *)(((uintptr_t)at + huge_size() - 1) & ~(huge_size() - 1)) + page_size;
	saw("mmap",
		outcome(call(mmap, at, huge_size(), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0)));
}

PROBE(hugetlb__partial__mmap_over_part)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("mmap", outcome(call(mmap, at, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
	saw("contents", peek(at));
}

PROBE(hugetlb__partial__plain_file)
{
	int fd = scratch_file(1, 'f');

	saw("mmap", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_PRIVATE | MAP_HUGETLB, fd, 0)));
}

PROBE(hugetlb__partial__memfd_size)
{
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);

	saw("ftruncate", outcome(call(ftruncate, fd, (long long)page_size)));
	saw("whole", outcome(call(ftruncate, fd, (long long)(2 * huge_size()))));
	saw("offset", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_SHARED, fd, page_size)));
}

PROBE(hugetlb__partial__memfd_read_write)
{
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);
	char byte[2] = "x";

	call(ftruncate, fd, (long long)huge_size());
	saw("write", outcome(call(pwrite64, fd, "w", 1, 0)));
	saw("read", yes(call(pread64, fd, byte, 1, 0) == 1));
	saw("byte", byte[0] == 0 ? "zero" : "other");
}

PROBE(hugetlb__partial__fallocate)
{
	long before = pool("HugePages_Free");
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);

	saw("allocate", outcome(call(fallocate, fd, 0, 0, (long long)(2 * huge_size()))));
	saw("taken", before - pool("HugePages_Free"));
	saw("punch",
		outcome(call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (long long)huge_size())));
	saw("left", before - pool("HugePages_Free"));
	saw("punch_part", outcome(call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  (long long)huge_size(), (long long)page_size)));
	saw("too_many", outcome(call(fallocate, fd, 0, 0, (long long)(40 * huge_size()))));
}

PROBE(hugetlb__mremap__move)
{
	char *at = huge(1, 'h', MAP_PRIVATE), *to = huge(1, 0, MAP_PRIVATE);
	long moved = call(mremap, at, huge_size(), huge_size(), MREMAP_MAYMOVE | MREMAP_FIXED, to);

	saw("mremap", outcome(moved));
	saw("contents", peek(to));
}

PROBE(hugetlb__mremap__grow)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("in_place", outcome(call(mremap, at, huge_size(), 2 * huge_size(), 0)));
	saw("may_move", outcome(call(mremap, at, huge_size(), 2 * huge_size(), MREMAP_MAYMOVE)));
}

PROBE(hugetlb__mremap__shrink)
{
	char *at = huge(2, 'h', MAP_PRIVATE);

	saw("part", outcome(call(mremap, at, 2 * huge_size(), huge_size() + page_size, 0)));
	saw("mremap", outcome(call(mremap, at, 2 * huge_size(), huge_size(), 0)));
	saw("left", peek(at));
	saw("gone", peek(at + huge_size()));
}

PROBE(hugetlb__mremap__unaligned_target)
{
	char *at = huge(1, 'h', MAP_PRIVATE), *to = space((long)(2 * huge_size() / page_size));

	to = (char *)(((uintptr_t)to + huge_size() - 1) & ~(huge_size() - 1)) + page_size;
	saw("mremap", outcome(call(mremap, at, huge_size(), huge_size(), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
}

PROBE(hugetlb__mremap__dontunmap)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("mremap", outcome(call(mremap, at, huge_size(), huge_size(), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NOWHERE)));
}

PROBE(hugetlb__madvise__dontneed)
{
	char *at = huge(2, 'h', MAP_PRIVATE);
	long before = pool("HugePages_Free");

	saw("madvise", advised(at, huge_size(), MADV_DONTNEED));
	saw("freed", pool("HugePages_Free") - before);
	saw("contents", peek(at));
}

PROBE(hugetlb__madvise__dontneed_reservation)
{
	char *at = huge(2, 'h', MAP_PRIVATE);

	advised(at, huge_size(), MADV_DONTNEED);
	saw("reserved", pool("HugePages_Rsvd"));
	call(munmap, at, 2 * huge_size());
	saw("after", pool("HugePages_Rsvd"));
}

PROBE(hugetlb__madvise__dontneed_part)
{
	char *at = huge(2, 'h', MAP_PRIVATE);

	saw("length", advised(at, page_size, MADV_DONTNEED));
	saw("contents", peek(at));
	saw("longer", advised(at, huge_size() + page_size, MADV_DONTNEED));
	saw("second", peek(at + huge_size()));
	saw("address", advised(at + page_size, huge_size(), MADV_DONTNEED));
}

PROBE(hugetlb__madvise__dontneed_locked)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, huge_size())));
	saw("dontneed", advised(at, huge_size(), MADV_DONTNEED));
	saw("dontneed_locked", advised(at, huge_size(), MADV_DONTNEED_LOCKED));
}

PROBE(hugetlb__madvise__remove)
{
	char *at = huge(1, 'h', MAP_SHARED), *mine = huge(1, 'h', MAP_PRIVATE);

	saw("shared", advised(at, huge_size(), MADV_REMOVE));
	saw("contents", peek(at));
	saw("private", advised(mine, huge_size(), MADV_REMOVE));
}

PROBE(hugetlb__madvise__refused)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("free", advised(at, huge_size(), MADV_FREE));
	saw("cold", advised(at, huge_size(), MADV_COLD));
	saw("pageout", advised(at, huge_size(), MADV_PAGEOUT));
	saw("wipeonfork", advised(at, huge_size(), MADV_WIPEONFORK));
	saw("collapse", advised(at, huge_size(), MADV_COLLAPSE));
	saw("hugepage", advised(at, huge_size(), MADV_HUGEPAGE));
	saw("nohugepage", advised(at, huge_size(), MADV_NOHUGEPAGE));
	saw("guard", advised(at, huge_size(), MADV_GUARD_INSTALL));
	saw("mergeable", advised(at, huge_size(), MADV_MERGEABLE));
}

PROBE(hugetlb__madvise__accepted)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("willneed", advised(at, huge_size(), MADV_WILLNEED));
	saw("random", advised(at, huge_size(), MADV_RANDOM));
	saw("dontfork", advised(at, huge_size(), MADV_DONTFORK));
	saw("dodump", advised(at, huge_size(), MADV_DODUMP));
	saw("dontdump", advised(at, huge_size(), MADV_DONTDUMP));
	saw("populate_read", advised(at, huge_size(), MADV_POPULATE_READ));
	saw("flags", vm_flags(at));
}

PROBE(hugetlb__madvise__populate_beyond_pool)
{
	char *at = huge(2, 0, MAP_PRIVATE | MAP_NORESERVE);

	set_knob("/proc/sys/vm/nr_hugepages", "0");
	saw("madvise", advised(at, huge_size(), MADV_POPULATE_WRITE));
	saw("touch", poke(at, 'w'));
}
