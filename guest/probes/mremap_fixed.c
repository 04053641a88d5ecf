/* mremap: MREMAP_FIXED. */
#include <linux/resource.h>
#include "probe.h"

static const char *move_to_place(char *from, long old, long new, char *to)
{
	char *got = address(call(mremap, from, pages(old), pages(new), MREMAP_MAYMOVE | MREMAP_FIXED, to));

	return failed(got) ? outcome(got) : got == to ? "there" : "elsewhere";
}

static void see_ranges(char *source, char *target, long n)
{
	saw("source", contents(source, n));
	saw("target", contents(target, n));
}

PROBE(mremap__unmap_addr_before_create__target_replaced)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	saw("mremap", move_to_place(from, 2, 2, to));
	saw("content", contents(to, 2));
	saw("old", contents(from, 2));
}

PROBE(mremap__unmap_addr_before_create__target_partly_replaced)
{
	char *from = anon(2, 'k'), *to = anon(4, 't');

	saw("mremap", move_to_place(from, 2, 2, to + pages(1)));
	saw("content", contents(to, 4));
}

PROBE(mremap__unmap_addr_before_create__target_free)
{
	char *to = space(2);

	saw("mremap", move_to_place(anon(2, 'k'), 2, 2, to));
	saw("content", contents(to, 2));
}

PROBE(mremap__unmap_addr_before_create__target_shared_written)
{
	int fd = scratch_file(2, 'a');
	char *to = mapped(fd, 2, RW, MAP_SHARED);

	poke(to, 'w');
	saw("mremap", move_to_place(anon(2, 'k'), 2, 2, to));
	saw("file", file_byte(fd, 0));
}

PROBE(mremap__unmap_addr_before_create__longer)
{
	char *to = anon(4, 't');

	saw("mremap", move_to_place(anon(2, 'k'), 2, 4, to));
	saw("content", contents(to, 4));
}

PROBE(mremap__unmap_addr_before_create__shorter)
{
	char *from = anon(4, 'k'), *to = anon(2, 't');

	saw("mremap", move_to_place(from, 4, 2, to));
	saw("content", contents(to, 2));
	saw("old", contents(from, 4));
}

PROBE(mremap__unmap_addr_before_create__without_maymove)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	saw("mremap", outcome(call(mremap, from, pages(2), pages(2), MREMAP_FIXED, to)));
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__overlapping)
{
	char *at = anon(4, 'k');

	saw("up", move_to_place(at, 2, 2, at + pages(1)));
	saw("down", move_to_place(at + pages(1), 2, 2, at));
	saw("same", move_to_place(at, 2, 2, at));
	saw("content", contents(at, 4));
}

PROBE(mremap__unmap_addr_before_create__adjacent)
{
	char *at = anon(4, 'k');

	saw("mremap", move_to_place(at, 2, 2, at + pages(2)));
	saw("content", contents(at, 4));
}

PROBE(mremap__unmap_addr_before_create__address_unaligned)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	saw("mremap", move_to_place(from, 2, 2, to + 512));
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__beyond_address_space)
{
	char *from = anon(2, 'k');

	saw("mremap", move_to_place(from, 2, 2, (char *)-pages(16)));
	saw("source", contents(from, 2));
}

PROBE(mremap__unmap_addr_before_create__below_mmap_min_addr)
{
	char *from = anon(2, 'k');

	become_user();
	saw("mremap", move_to_place(from, 2, 2, NULL));
	saw("source", contents(from, 2));
}

PROBE(mremap__unmap_addr_before_create__source_unmapped)
{
	char *to = anon(2, 't');

	saw("mremap", move_to_place(space(2), 2, 2, to));
	saw("target", contents(to, 2));
}

PROBE(mremap__unmap_addr_before_create__source_partly_unmapped)
{
	char *from = anon(1, 'k'), *to = anon(2, 't');

	saw("mremap", move_to_place(from, 2, 2, to));
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__source_of_two_mappings)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	call(mprotect, from + pages(1), pages(1), PROT_READ);
	saw("mremap", move_to_place(from, 2, 2, to));
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__source_of_two_mappings_with_hole)
{
	char *from = anon(3, 'k'), *to = anon(3, 't');

	call(munmap, from + pages(1), pages(1));
	saw("mremap", move_to_place(from, 3, 3, to));
	see_ranges(from, to, 3);
}

PROBE(mremap__unmap_addr_before_create__source_of_two_longer)
{
	char *from = anon(2, 'k'), *to = anon(3, 't');

	call(mprotect, from + pages(1), pages(1), PROT_READ);
	saw("mremap", move_to_place(from, 2, 3, to));
	saw("source", contents(from, 2));
	saw("target", contents(to, 3));
}

PROBE(mremap__unmap_addr_before_create__over_limit)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	set_limit(RLIMIT_AS, 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize"));
	saw("mremap", move_to_place(from, 2, 8, to));
	see_ranges(from, to, 2);
}

static void see_lock(char *to)
{
	saw("flag", vm_flag(to, "lo"));
	saw("locked", proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size);
}

PROBE(mremap__unmap_addr_before_create__locked_target)
{
	char *to = anon_with(2, 't', RW, MAP_PRIVATE | MAP_LOCKED);

	saw("mremap", move_to_place(anon(2, 'k'), 2, 2, to));
	see_lock(to);
}

PROBE(mremap__unmap_addr_before_create__locked_source)
{
	char *to = anon(2, 't');

	saw("mremap", move_to_place(anon_with(2, 'k', RW, MAP_PRIVATE | MAP_LOCKED), 2, 2, to));
	see_lock(to);
}

PROBE(mremap__unmap_addr_before_create__sealed_target)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	saw("mseal", outcome(call(mseal, to, pages(2), 0)));
	saw("mremap", move_to_place(from, 2, 2, to));
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__in_child)
{
	char *from = anon(2, 'k'), *to = anon(2, 't');

	in_child {
		move_to_place(from, 2, 2, to);
		saw("child", contents(to, 2));
	}
	see_ranges(from, to, 2);
}

PROBE(mremap__unmap_addr_before_create__hugetlb_target)
{
	char *from = anon(2, 'k'), *to = huge(1, 't', MAP_PRIVATE);

	saw("mremap", move_to_place(from, 2, 2, to));
	saw("target", peek(to));
}
