#include "probe.h"

static const char *named(void *at, size_t length, const char *name)
{
	return outcome(call(prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, length, name));
}

PROBE(prctl__set_vma_anon_name__private)
{
	char *at = anon(2, 'k');

	saw("prctl", named(at, pages(2), "farm"));
	saw("name", mapping_name(at));
	saw("in_smaps", file_has("/proc/self/smaps", "[anon:farm]"));
}

PROBE(prctl__set_vma_anon_name__shared)
{
	char *at = shared_anon(2, 's');

	saw("prctl", named(at, pages(2), "farm"));
	saw("name", yes(strncmp(mapping_name(at), "[anon_shmem:farm]", 17) == 0));
}

PROBE(prctl__set_vma_anon_name__file)
{
	char *at = mapped(scratch_file(2, 'f'), 2, RW, MAP_PRIVATE);

	saw("private_file", named(at, pages(2), "farm"));
	saw("memfd", named(mapped(memfd("own", 1, 0, 0), 1, RW, MAP_SHARED), pages(1), "farm"));
}

PROBE(prctl__set_vma_anon_name__a_part_splits)
{
	char *at = anon(3, 'k');

	saw("prctl", named(at + pages(1), pages(1), "part"));
	saw("pieces", mapping_pages(at + pages(1)));
	saw("take_back", named(at + pages(1), pages(1), NULL));
	saw("merged", mapping_pages(at));
}

PROBE(prctl__set_vma_anon_name__what_a_name_may_be)
{
	static char long_name[90];
	char *at = anon(1, 'k');

	memset(long_name, 'n', 80);
	saw("letters_80", named(at, pages(1), long_name));
	long_name[79] = '\0';
	saw("letters_79", named(at, pages(1), long_name));
	saw("bracket", named(at, pages(1), "a[b"));
	saw("backslash", named(at, pages(1), "a\\b"));
	saw("dollar", named(at, pages(1), "a$b"));
	saw("control", named(at, pages(1), "a\tb"));
	saw("empty", named(at, pages(1), ""));
	saw("bad_pointer", named(at, pages(1), (char *)8));
}

PROBE(prctl__set_vma_anon_name__what_a_range_may_be)
{
	char *at = anon(3, 'k');

	saw("unaligned", named(at + 1, pages(1), "farm"));
	saw("no_length", named(at, 0, "farm"));
	saw("overflow", named(at, ~0UL - pages(1), "farm"));
	saw("nothing_there", named(space(1), pages(1), "farm"));
	call(munmap, at + pages(1), pages(1));
	saw("hole", named(at, pages(3), "farm"));
}

PROBE(prctl__set_vma_anon_name__fork_keeps)
{
	char *at = anon(1, 'k');

	saw("prctl", named(at, pages(1), "farm"));
	in_child
		saw("child", mapping_name(at));
}

PROBE(prctl__set_vma_anon_name__other_operations)
{
	char *at = anon(1, 'k');

	saw("one", outcome(call(prctl, PR_SET_VMA, 1, at, pages(1), "farm")));
	saw("high", outcome(call(prctl, PR_SET_VMA, 0x1000, at, pages(1), "farm")));
}

PROBE(prctl__set_vma_anon_name__heap_and_stack)
{
	char stack = 's', *heap = address(call(brk, NULL)), *page;
	char *at = heap + (page_size - (uintptr_t)heap % page_size) % page_size;

	call(brk, at + pages(1));
	page = &stack - (uintptr_t)&stack % page_size;
	saw("heap", named(at, pages(1), "farm"));
	saw("heap_name", mapping_name(at));
	saw("stack", named(page, pages(1), "farm"));
	saw("stack_name", mapping_name(page));
}
