/* mremap: shorter. */
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

PROBE(mremap__shrink_mapping__in_place)
{
	char *at = anon(4, 'k');

	saw("mremap", remap(at, 4, 2, 0));
	saw("content", contents(at, 4));
	saw("pages", mapping_pages(at));
}

PROBE(mremap__shrink_mapping__same_length)
{
	char *at = anon(2, 'k');

	saw("mremap", remap(at, 2, 2, 0));
	saw("content", contents(at, 2));
}

PROBE(mremap__shrink_mapping__middle)
{
	char *at = anon(4, 'k');

	saw("mremap", remap(at + pages(1), 2, 1, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__across_mappings)
{
	char *at = anon(4, 'k');

	call(mprotect, at + pages(2), pages(2), PROT_READ);
	saw("mremap", remap(at, 4, 1, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__end_in_next_mapping)
{
	char *at = anon(4, 'k');

	call(mprotect, at + pages(2), pages(2), PROT_READ);
	saw("mremap", remap(at, 4, 3, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__over_hole)
{
	char *at = anon(2, 'k');

	saw("mremap", remap(at, 4, 1, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__unmapped)
{
	saw("mremap", remap(space(4), 4, 2, 0));
}

PROBE(mremap__shrink_mapping__start_unmapped)
{
	char *at = anon(4, 'k');

	call(munmap, at, pages(1));
	saw("mremap", remap(at, 4, 2, 0));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__locked)
{
	saw("mremap", remap(anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED), 4, 2, 0));
	saw("locked", locked_pages());
}

PROBE(mremap__shrink_mapping__file)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	poke(at + pages(1), 'w');
	saw("mremap", remap(at, 2, 1, 0));
	saw("file", file_byte(fd, pages(1)));
}

PROBE(mremap__shrink_mapping__with_maymove)
{
	char *at = anon(4, 'k');

	saw("mremap", remap(at, 4, 2, MREMAP_MAYMOVE));
	saw("content", contents(at, 4));
}

PROBE(mremap__shrink_mapping__sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("mremap", remap(at, 2, 1, 0));
	saw("content", contents(at, 2));
}

PROBE(mremap__shrink_mapping__hugetlb)
{
	char *at = huge(2, 'k', MAP_PRIVATE);
	long n = (long)(huge_size() / page_size);

	saw("part", remap(at, 2 * n, 2 * n - 1, 0));
	saw("whole", remap(at, 2 * n, n, 0));
	saw("read", peek(at));
}
