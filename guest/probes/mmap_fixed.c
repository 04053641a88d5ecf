/* mmap: MAP_FIXED, MAP_FIXED_NOREPLACE and MAP_UNINITIALIZED. */
#include <linux/resource.h>
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static const char *place(long result, const char *asked)
{
	return failed(result) ? outcome(result) : address(result) == asked ? "there" : "elsewhere";
}

static const char *map_over(char *at, long n, int flags)
{
	return place(call(mmap, at, pages(n), RW, ANONYMOUS | flags, -1, 0), at);
}

PROBE(mmap__unmap_addr_before_create__fixed_replaces)
{
	char *at = anon(4, 'k');

	saw("mmap", map_over(at + pages(1), 2, MAP_FIXED));
	saw("content", contents(at, 4));
}

PROBE(mmap__unmap_addr_before_create__fixed_across_mappings)
{
	char *at = anon(6, 'k');

	call(munmap, at + pages(2), pages(2));
	saw("mmap", map_over(at + pages(1), 4, MAP_FIXED));
	saw("content", contents(at, 6));
}

PROBE(mmap__unmap_addr_before_create__fixed_where_free)
{
	saw("mmap", map_over(space(2), 2, MAP_FIXED));
}

PROBE(mmap__unmap_addr_before_create__fixed_unaligned)
{
	char *at = anon(2, 'k');

	saw("mmap", map_over(at + 512, 1, MAP_FIXED));
	saw("content", contents(at, 2));
}

PROBE(mmap__unmap_addr_before_create__fixed_beyond_address_space)
{
	saw("mmap", map_over((char *)-pages(16), 1, MAP_FIXED));
}

PROBE(mmap__unmap_addr_before_create__fixed_same_file_page)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 1, RW, MAP_PRIVATE);

	poke(at, 'w');
	saw("before", peek(at));
	call(mmap, at, pages(1), RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	saw("after", peek(at));
}

PROBE(mmap__unmap_addr_before_create__fixed_over_locked)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	map_over(at + pages(1), 1, MAP_FIXED);
	saw("new", vm_flag(at + pages(1), "lo"));
	saw("left", vm_flag(at, "lo"));
	saw("locked", proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size);
}

PROBE(mmap__unmap_addr_before_create__fixed_shared_written)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	poke(at, 'w');
	map_over(at, 1, MAP_FIXED);
	saw("file", file_byte(fd, 0));
	saw("content", peek(at));
}

PROBE(mmap__unmap_addr_before_create__fixed_bad_fd)
{
	char *at = anon(2, 'k');

	saw("mmap", outcome(call(mmap, at, pages(2), RW, MAP_SHARED | MAP_FIXED, 99, 0)));
	saw("content", contents(at, 2));
}

PROBE(mmap__unmap_addr_before_create__fixed_refused_by_file)
{
	char *at = anon(2, 'k');
	int fd = ext4_file(2, 'a');

	saw("mmap", outcome(call(mmap, at, pages(2), RW, MAP_SHARED_VALIDATE | MAP_SYNC | MAP_FIXED, fd, 0)));
	saw("content", contents(at, 2));
}

PROBE(mmap__unmap_addr_before_create__fixed_over_limit)
{
	char *at = anon(8, 'k');

	set_limit(RLIMIT_AS, 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize"));
	saw("mmap", map_over(at, 8, MAP_FIXED));
	saw("longer", map_over(at, 9, MAP_FIXED));
}

PROBE(mmap__unmap_addr_before_create__fixed_over_sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("mmap", map_over(at, 2, MAP_FIXED));
	saw("content", contents(at, 2));
}

PROBE(mmap__unmap_addr_before_create__fixed_in_child)
{
	char *at = anon(2, 'k');

	in_child {
		map_over(at, 2, MAP_FIXED);
		saw("child", contents(at, 2));
	}
	saw("parent", contents(at, 2));
}

static void see_noreplace(int flags)
{
	char *at = anon(2, 'k');

	saw("mmap", map_over(at, 2, MAP_FIXED_NOREPLACE | flags));
	saw("content", contents(at, 2));
}

PROBE(mmap__unmap_addr_before_create__noreplace_unmaps)
{
	see_noreplace(0);
}

PROBE(mmap__unmap_addr_before_create__noreplace_occupied)
{
	see_noreplace(0);
}

PROBE(mmap__unmap_addr_before_create__noreplace_with_fixed)
{
	see_noreplace(MAP_FIXED);
}

PROBE(mmap__unmap_addr_before_create__noreplace_partly_occupied)
{
	char *at = anon(1, 'k');

	saw("first", map_over(at, 2, MAP_FIXED_NOREPLACE));
	saw("last", map_over(at - pages(1), 2, MAP_FIXED_NOREPLACE));
}

PROBE(mmap__unmap_addr_before_create__noreplace_where_free)
{
	saw("mmap", map_over(space(2), 2, MAP_FIXED_NOREPLACE));
}

PROBE(mmap__unmap_addr_before_create__noreplace_beside)
{
	char *at = anon(3, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("mmap", map_over(at + pages(1), 1, MAP_FIXED_NOREPLACE));
	saw("content", contents(at, 3));
}

PROBE(mmap__unmap_addr_before_create__noreplace_prot_none)
{
	saw("mmap", map_over(anon_with(2, 0, PROT_NONE, MAP_PRIVATE), 2, MAP_FIXED_NOREPLACE));
}

PROBE(mmap__unmap_addr_before_create__noreplace_in_guard_gap)
{
	char *at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN);

	saw("mmap", map_over(at - pages(2), 1, MAP_FIXED_NOREPLACE));
}

PROBE(mmap__unmap_addr_before_create__noreplace_unaligned)
{
	saw("mmap", map_over(space(2) + 512, 1, MAP_FIXED_NOREPLACE));
}

PROBE(mmap__unmap_addr_before_create__noreplace_validated)
{
	char *at = space(2);
	int flags = MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE;

	saw("mmap", place(call(mmap, at, pages(2), RW, flags, scratch_file(2, 'a'), 0), at));
}

/* Dirties pages, unmaps them, and maps as many again. */
static char *mapped_after_dirtying(int flags)
{
	char *old = anon(64, 'k');

	call(munmap, old, pages(64));
	return address(call(mmap, space(64), pages(64), RW, flags | MAP_ANONYMOUS | MAP_UNINITIALIZED, -1, 0));
}

PROBE(mmap__do_not_clear_anon_page__left_as_they_were)
{
	char *at = mapped_after_dirtying(MAP_PRIVATE);
	long left = 0;

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	for (size_t i = 0; i < pages(64); i++)
		left += at[i] != 0;
	saw("left", yes(left > 0));
}

PROBE(mmap__do_not_clear_anon_page__accepted)
{
	char *at = mapped_after_dirtying(MAP_PRIVATE);
	const char *flags = failed(at) ? "unmapped" : vm_flags(at);

	saw("private", outcome(at));
	saw("shared", outcome(mapped_after_dirtying(MAP_SHARED)));
	saw("flags", strcmp(flags, vm_flags(anon(1, 0))) == 0 ? "same" : "different");
}

PROBE(mmap__do_not_clear_anon_page__content)
{
	saw("content", contents(mapped_after_dirtying(MAP_PRIVATE), 4));
}

PROBE(mmap__do_not_clear_anon_page__file)
{
	int fd = scratch_file(2, 'a');
	static const char *const words[] = {"shared", "private", "validate"};
	static const int types[] = {MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE};

	for (int i = 0; i < 3; i++) {
		char *at = address(call(mmap, space(2), pages(2), RW, types[i] | MAP_UNINITIALIZED, fd, 0));

		saw(words[i], failed(at) ? outcome(at) : contents(at, 2));
	}
}

PROBE(mmap__do_not_clear_anon_page__hole_of_file)
{
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED | MAP_UNINITIALIZED, scratch_file(4, 0), 0));

	saw("content", contents(at, 4));
}

PROBE(mmap__do_not_clear_anon_page__hugetlb)
{
	saw("mmap", outcome(call(mmap, NOWHERE, 2 << 20, RW, ANONYMOUS | MAP_HUGETLB | MAP_UNINITIALIZED, -1, 0)));
}
