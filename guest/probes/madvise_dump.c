#include <linux/elf.h>
#include <linux/resource.h>
#include "settle.h"

#if __SIZEOF_LONG__ == 8
typedef Elf64_Ehdr core_header;
typedef Elf64_Phdr core_segment;
#else
typedef Elf32_Ehdr core_header;
typedef Elf32_Phdr core_segment;
#endif

#define CORE "/tmp/core-of-a-probe"
#define SIGNAL_ABORT 6

/* How many pages of `at` a core dump of this process holds: a child with the same mappings dumps itself. */
static long pages_in_core(const char *at)
{
	core_header header = {0};
	core_segment segment;
	long held = -1;
	int fd;

	undo_by_unlink(CORE);
	set_knob("/proc/sys/kernel/core_uses_pid", "0");
	set_knob("/proc/sys/kernel/core_pattern", CORE);
	set_hard_limit(RLIMIT_CORE, ~0UL);
	in_child
		call(kill, call(getpid), SIGNAL_ABORT);
	fd = (int)call(openat, AT_FDCWD, CORE, O_RDONLY, 0);
	if (failed(fd) || failed(call(pread64, fd, &header, sizeof(header), 0)))
		broken("no core dump");
	for (int i = 0; i < header.e_phnum; i++) {
		call(pread64, fd, &segment, sizeof(segment), (long)(header.e_phoff + (unsigned)i * sizeof(segment)));
		if (segment.p_type == PT_LOAD && segment.p_vaddr == (uintptr_t)at)
			held = (long)(segment.p_filesz / page_size);
	}
	return held;
}

PROBE(madvise__no_dump_when_coredump__anonymous)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTDUMP)));
	saw("flag", vm_flag(at, "dd"));
	saw("in_core", pages_in_core(at));
}

PROBE(madvise__no_dump_when_coredump__without_it)
{
	saw("in_core", pages_in_core(anon(2, 'k')));
}

PROBE(madvise__no_dump_when_coredump__untouched_is_not_dumped)
{
	saw("in_core", pages_in_core(anon(2, 0)));
}

PROBE(madvise__no_dump_when_coredump__shared_anonymous)
{
	char *at = shared_anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTDUMP)));
	saw("in_core", pages_in_core(at));
}

PROBE(madvise__no_dump_when_coredump__goes_before_the_filter)
{
	char *at = anon(2, 'k');

	set_knob("/proc/self/coredump_filter", "0x1ff");
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTDUMP)));
	saw("in_core", pages_in_core(at));
}

PROBE(madvise__no_dump_when_coredump__part_of_a_mapping)
{
	char *at = anon(3, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTDUMP)));
	saw("first", pages_in_core(at));
	saw("rest", pages_in_core(at + pages(1)));
}

PROBE(madvise__no_dump_when_coredump__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_DONTDUMP)));
	saw("flag", vm_flag(at, "dd"));
	saw("again", outcome(call(madvise, at, huge_size(), MADV_DODUMP)));
}

PROBE(madvise__dump_when_coredump__takes_dontdump_back)
{
	char *at = anon(2, 'k');

	saw("dontdump", outcome(call(madvise, at, pages(2), MADV_DONTDUMP)));
	saw("dodump", outcome(call(madvise, at, pages(2), MADV_DODUMP)));
	saw("flag", vm_flag(at, "dd"));
	saw("in_core", pages_in_core(at));
}

PROBE(madvise__dump_when_coredump__does_not_overrule_the_filter)
{
	char *at = anon(2, 'k');

	set_knob("/proc/self/coredump_filter", "0");
	saw("dodump", outcome(call(madvise, at, pages(2), MADV_DODUMP)));
	saw("in_core", pages_in_core(at));
}

PROBE(madvise__dump_when_coredump__rejoins_the_mapping)
{
	char *at = anon(3, 'k');

	saw("dontdump", outcome(call(madvise, at + pages(1), pages(1), MADV_DONTDUMP)));
	saw("split", mapping_pages(at));
	saw("dodump", outcome(call(madvise, at, pages(3), MADV_DODUMP)));
	saw("joined", mapping_pages(at));
}

PROBE(madvise__dump_when_coredump__kernels_own_mapping)
{
	char *at = mapping_named("[vvar]");

	if (!at)
		broken("no [vvar]");
	saw("flag", vm_flag(at, "dd"));
	saw("dodump", outcome(call(madvise, at, pages(1), MADV_DODUMP)));
	saw("dofork", outcome(call(madvise, at, pages(1), MADV_DOFORK)));
	saw("dontdump", outcome(call(madvise, at, pages(1), MADV_DONTDUMP)));
}

PROBE(madvise__dump_when_coredump__droppable_mapping)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("flag", vm_flag(at, "dd"));
	saw("dodump", outcome(call(madvise, at, pages(2), MADV_DODUMP)));
	saw("after", vm_flag(at, "dd"));
}
