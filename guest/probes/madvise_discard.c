#include "settle.h"
#include "userfault.h"

static void dontneed(char *at, long n)
{
	saw("madvise", outcome(call(madvise, at, pages(n), MADV_DONTNEED)));
	saw("populated", populated(at, n));
	saw("after", contents(at, n));
}

PROBE(madvise__unpopulate_mapping__anonymous_reads_zero)
{
	dontneed(anon(2, 'k'), 2);
}

PROBE(madvise__unpopulate_mapping__shared_anonymous_keeps)
{
	dontneed(shared_anon(2, 'k'), 2);
}

PROBE(madvise__unpopulate_mapping__shared_file_keeps)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED);

	fill(at, 2, 'k');
	dontneed(at, 2);
}

PROBE(madvise__unpopulate_mapping__private_file_reads_the_file)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_PRIVATE);

	fill(at, 2, 'k');
	dontneed(at, 2);
}

PROBE(madvise__unpopulate_mapping__resident_set_shrinks)
{
	char *at = anon(4, 'k');

	saw("before", smaps_pages(at, "Rss"));
	saw("madvise", outcome(call(madvise, at + pages(1), pages(2), MADV_DONTNEED)));
	saw("rss", smaps_pages(at, "Rss"));
	saw("after", contents(at, 4));
}

PROBE(madvise__unpopulate_mapping__no_access_needed)
{
	char *at = anon(1, 'k');

	call(mprotect, at, pages(1), PROT_NONE);
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
	call(mprotect, at, pages(1), RW);
	saw("after", contents(at, 1));
}

PROBE(madvise__unpopulate_mapping__locked)
{
	char *at = anon(2, 'k');

	saw("mlock", outcome(call(mlock, at, pages(2))));
	dontneed(at, 2);
}

PROBE(madvise__unpopulate_mapping__locked_on_fault)
{
	char *at = anon(2, 'k');

	saw("mlock2", outcome(call(mlock2, at, pages(2), MLOCK_ONFAULT)));
	dontneed(at, 2);
}

PROBE(madvise__unpopulate_mapping__vvar_is_pfnmap)
{
	char *at = mapping_named("[vvar]");

	if (!at)
		broken("no [vvar]");
	saw("pfnmap", vm_flag(at, "pf"));
	saw("mixedmap", vm_flag(at, "mm"));
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
}

PROBE(madvise__unpopulate_mapping__hugetlb)
{
	char *at = huge(2, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_DONTNEED)));
	saw("first", peek(at));
	saw("second", peek(at + huge_size()));
}

PROBE(madvise__unpopulate_mapping__hugetlb_small_length)
{
	char *at = huge(2, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
	saw("one_page", peek(at));
	saw("more", outcome(call(madvise, at, huge_size() + pages(1), MADV_DONTNEED)));
	saw("first", peek(at));
	saw("second", peek(at + huge_size()));
}

PROBE(madvise__unpopulate_mapping__hugetlb_unaligned)
{
	char *at = huge(2, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at + pages(1), huge_size(), MADV_DONTNEED)));
	saw("first", peek(at));
}

PROBE(madvise__unpopulate_mapping__sealed)
{
	char *reads = anon(1, 'k'), *writes = anon(1, 'k'), *file = mapped(scratch_file(1, 'a'), 1, RW, MAP_PRIVATE);

	fill(file, 1, 'k');
	call(mprotect, reads, pages(1), PROT_READ);
	call(mprotect, file, pages(1), PROT_READ);
	saw("mseal", outcome(call(mseal, reads, pages(1), 0)));
	call(mseal, writes, pages(1), 0);
	call(mseal, file, pages(1), 0);
	saw("read_only", outcome(call(madvise, reads, pages(1), MADV_DONTNEED)));
	saw("writable", outcome(call(madvise, writes, pages(1), MADV_DONTNEED)));
	saw("private_file", outcome(call(madvise, file, pages(1), MADV_DONTNEED)));
	saw("cold", outcome(call(madvise, reads, pages(1), MADV_COLD)));
}

PROBE(madvise__unpopulate_mapping__child_keeps_its_own)
{
	char *at = anon(1, 'k');

	in_child {
		saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

/* MADV_DONTNEED_LOCKED */
PROBE(madvise__unpopulate_locked__locked)
{
	char *at = anon(2, 'k');

	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTNEED_LOCKED)));
	saw("populated", populated(at, 1));
	saw("after", contents(at, 2));
	saw("still_locked", vm_flag(at, "lo"));
}

PROBE(madvise__unpopulate_locked__not_locked)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTNEED_LOCKED)));
	saw("after", contents(at, 2));
}

PROBE(madvise__unpopulate_locked__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_DONTNEED_LOCKED)));
	saw("after", peek(at));
}

/* MADV_REMOVE */
static void remove_first(int fd, char *at)
{
	char *other = mapped(fd, 2, PROT_READ, MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_REMOVE)));
	saw("after", contents(at, 2));
	saw("file", contents(other, 2));
}

PROBE(madvise__fallocate_mapping__tmpfs)
{
	int fd = scratch_file(2, 'a');

	remove_first(fd, mapped(fd, 2, RW, MAP_SHARED));
}

PROBE(madvise__fallocate_mapping__ext4)
{
	int fd = ext4_file(2, 'a');

	remove_first(fd, mapped(fd, 2, RW, MAP_SHARED));
}

PROBE(madvise__fallocate_mapping__dax)
{
	int fd = dax_file(2, 'a');

	remove_first(fd, mapped(fd, 2, RW, MAP_SHARED));
}

PROBE(madvise__fallocate_mapping__shared_anonymous)
{
	char *at = shared_anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_REMOVE)));
	saw("after", contents(at, 2));
}

PROBE(madvise__fallocate_mapping__private_file)
{
	int fd = scratch_file(2, 'a');

	remove_first(fd, mapped(fd, 2, RW, MAP_PRIVATE));
}

PROBE(madvise__fallocate_mapping__private_anonymous)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_REMOVE)));
	saw("after", contents(at, 2));
}

PROBE(madvise__fallocate_mapping__read_only_mapping_of_writable_file)
{
	int fd = scratch_file(2, 'a');

	remove_first(fd, mapped(fd, 2, PROT_READ, MAP_SHARED));
}

PROBE(madvise__fallocate_mapping__read_only_file)
{
	int fd = scratch_file(2, 'a');

	reopen(fd, O_RDONLY);
	remove_first(fd, mapped(fd, 2, PROT_READ, MAP_SHARED));
}

PROBE(madvise__fallocate_mapping__locked)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("mlock", outcome(call(mlock, at, pages(2))));
	remove_first(fd, at);
}

PROBE(madvise__fallocate_mapping__write_sealed)
{
	int fd = memfd("sealed", 2, 'a', MFD_ALLOW_SEALING);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)));
	remove_first(fd, at);
}

PROBE(madvise__fallocate_mapping__hugetlb)
{
	char *at = huge(2, 'k', MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_REMOVE)));
	saw("first", peek(at));
	saw("second", peek(at + huge_size()));
}
