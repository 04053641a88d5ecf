/* mremap: longer in place. */
#include <linux/resource.h>
#include "probe.h"

static const char *remap(char *at, long old, long new, int flags)
{
	char *got = address(call(mremap, at, pages(old), pages(new), flags));

	return failed(got) ? outcome(got) : got == at ? "same" : "moved";
}

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size;
}

PROBE(mremap__expand_mapping__in_place)
{
	char *at = anon(2, 'k');

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__blocked)
{
	char *at = anon(3, 'k');

	call(mprotect, at + pages(2), pages(1), PROT_READ);
	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 3));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__up_to_neighbour)
{
	char *at = anon(5, 'k');

	call(munmap, at + pages(2), pages(2));
	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 5));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__file)
{
	char *at = mapped(scratch_file(4, 'a'), 2, RW, MAP_SHARED);

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__file_beyond_end)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED);

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__shared_anonymous)
{
	char *at = shared_anon(2, 'k');

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__locked)
{
	char *at = anon_with(2, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	saw("mremap", remap(at, 2, 4, 0));
	saw("flag", vm_flag(at + pages(3), "lo"));
	saw("populated", populated(at + pages(2), 2));
	saw("locked", locked_pages());
}

PROBE(mremap__expand_mapping__locked_over_limit)
{
	char *at = anon_with(2, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	set_limit(RLIMIT_MEMLOCK, pages(3));
	become_user();
	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 2));
}

PROBE(mremap__expand_mapping__address_space_limit)
{
	char *at = anon(2, 'k');

	set_limit(RLIMIT_AS, 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize") + pages(1));
	saw("mremap", remap(at, 2, 4, 0));
}

PROBE(mremap__expand_mapping__first_part)
{
	char *at = anon(4, 'k');

	saw("mremap", remap(at, 2, 3, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__last_part)
{
	char *at = anon(2, 'k');

	saw("mremap", remap(at + pages(1), 1, 3, 0));
	saw("content", contents(at, 4));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__protection_kept)
{
	char *at = anon_with(2, 0, PROT_READ, MAP_PRIVATE);

	saw("mremap", remap(at, 2, 4, 0));
	saw("write", poke(at + pages(3), 'w'));
	saw("protection", protection(at + pages(3)));
}

PROBE(mremap__expand_mapping__unmapped)
{
	saw("all", remap(space(2), 2, 4, 0));
	saw("end", remap(anon(2, 'k'), 3, 4, 0));
}

PROBE(mremap__expand_mapping__across_mappings)
{
	char *at = anon(4, 'k');

	call(mprotect, at + pages(2), pages(2), PROT_READ);
	saw("mremap", remap(at, 4, 6, MREMAP_MAYMOVE));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__address_unaligned)
{
	saw("mremap", remap(anon(2, 'k') + 512, 1, 2, 0));
}

PROBE(mremap__expand_mapping__zero_new_length)
{
	char *at = anon(2, 'k');

	saw("mremap", remap(at, 2, 0, MREMAP_MAYMOVE));
	saw("content", contents(at, 2));
}

PROBE(mremap__expand_mapping__unknown_flags)
{
	saw("eight", remap(anon(2, 'k'), 2, 4, 8));
	saw("high", remap(anon(2, 'k'), 2, 4, 0x40000000));
}

PROBE(mremap__expand_mapping__lengths_rounded_up)
{
	char *at = anon(2, 'k'), *got = address(call(mremap, at, pages(1) + 1, pages(3) + 1, 0));

	saw("mremap", got == at ? "same" : outcome(got));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__too_long)
{
	saw("mremap", outcome(call(mremap, anon(2, 'k'), pages(2), ~0UL / 2 - pages(1) + 1, MREMAP_MAYMOVE)));
}

PROBE(mremap__expand_mapping__growsdown)
{
	char *at = anon_with(2, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN);

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__expand_mapping__sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("mremap", remap(at, 2, 4, 0));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__expand_mapping__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);
	long n = (long)(huge_size() / page_size);

	saw("mremap", remap(at, n, 2 * n, 0));
	saw("read", peek(at));
}

PROBE(mremap__expand_mapping__dax)
{
	char *at = mapped(dax_file(4, 'a'), 2, RW, MAP_SHARED);

	saw("mremap", remap(at, 2, 4, 0));
	saw("content", contents(at, 4));
}
