/* munmap. */
#include "probe.h"

PROBE(munmap__remove_mapping__touched_after)
{
	char *at = anon(2, 'k');

	saw("munmap", outcome(call(munmap, at, pages(2))));
	saw("read", peek(at));
	saw("write", poke(at + pages(1), 'w'));
	saw("protection", protection(at));
}

PROBE(munmap__remove_mapping__middle)
{
	char *at = anon(4, 'k');

	saw("munmap", outcome(call(munmap, at + pages(1), pages(2))));
	saw("content", contents(at, 4));
	saw("first", mapping_pages(at));
	saw("last", mapping_pages(at + pages(3)));
}

PROBE(munmap__remove_mapping__start)
{
	char *at = anon(4, 'k');

	saw("munmap", outcome(call(munmap, at, pages(1))));
	saw("content", contents(at, 4));
	saw("left", mapping_pages(at + pages(1)));
}

PROBE(munmap__remove_mapping__end)
{
	char *at = anon(4, 'k');

	saw("munmap", outcome(call(munmap, at + pages(3), pages(1))));
	saw("content", contents(at, 4));
	saw("left", mapping_pages(at));
}

PROBE(munmap__remove_mapping__nothing_mapped)
{
	saw("munmap", outcome(call(munmap, space(4), pages(4))));
}

PROBE(munmap__remove_mapping__across_mappings_and_hole)
{
	char *at = anon(6, 'k');

	call(munmap, at + pages(2), pages(1));
	call(mprotect, at + pages(3), pages(1), PROT_READ);
	saw("munmap", outcome(call(munmap, at + pages(1), pages(4))));
	saw("content", contents(at, 6));
}

PROBE(munmap__remove_mapping__length_rounded_up)
{
	char *at = anon(4, 'k');

	saw("one_byte", outcome(call(munmap, at, 1)));
	saw("page_and_byte", outcome(call(munmap, at + pages(1), pages(1) + 1)));
	saw("content", contents(at, 4));
}

PROBE(munmap__remove_mapping__zero_length)
{
	char *at = anon(2, 'k');

	saw("munmap", outcome(call(munmap, at, 0)));
	saw("content", contents(at, 2));
}

PROBE(munmap__remove_mapping__address_unaligned)
{
	char *at = anon(2, 'k');

	saw("munmap", outcome(call(munmap, at + 512, pages(1))));
	saw("content", contents(at, 2));
}

PROBE(munmap__remove_mapping__beyond_address_space)
{
	char *at = anon(2, 'k');

	saw("address", outcome(call(munmap, -pages(16), pages(1))));
	saw("length", outcome(call(munmap, at, -pages(1))));
	saw("content", contents(at, 2));
}

PROBE(munmap__remove_mapping__shared_file_written)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	poke(at, 'w');
	saw("munmap", outcome(call(munmap, at, pages(1))));
	saw("file", file_byte(fd, 0));
}

PROBE(munmap__remove_mapping__private_file_written)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 1, RW, MAP_PRIVATE);

	poke(at, 'w');
	call(munmap, at, pages(1));
	saw("file", file_byte(fd, 0));
	call(mmap, at, pages(1), RW, MAP_PRIVATE, fd, 0);
	saw("again", peek(at));
}

PROBE(munmap__remove_mapping__anonymous_mapped_again)
{
	char *at = anon(2, 'k');

	call(munmap, at, pages(2));
	call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	saw("content", contents(at, 2));
}

PROBE(munmap__remove_mapping__file_removed)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	call(close, fd);
	saw("before", contents(at, 2));
	saw("munmap", outcome(call(munmap, at, pages(2))));
	saw("after", contents(at, 2));
}

PROBE(munmap__remove_mapping__parent_after_child)
{
	char *at = anon(2, 'k');

	in_child {
		call(munmap, at, pages(2));
		saw("child", contents(at, 2));
	}
	saw("parent", contents(at, 2));
}

PROBE(munmap__remove_mapping__shared_in_child)
{
	char *at = shared_anon(2, 'k');

	in_child {
		in_child {
			call(munmap, at, pages(2));
			saw("parent", contents(at, 2));
		}
		saw("child", contents(at, 2));
	}
}

PROBE(munmap__remove_mapping__at_exit)
{
	int fd = scratch_file(1, 'a');

	in_child
		poke(mapped(fd, 1, RW, MAP_SHARED), 'w');
	saw("child", child_end());
	saw("file", file_byte(fd, 0));
}

PROBE(munmap__remove_mapping__locked)
{
	char *at = anon_with(4, 'k', RW, MAP_PRIVATE | MAP_LOCKED);

	saw("munmap", outcome(call(munmap, at + pages(1), pages(2))));
	saw("locked", proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size);
}

PROBE(munmap__remove_mapping__address_space_given_back)
{
	char *at = anon(4, 'k');
	long before = proc_number("/proc/self/status", "VmSize");

	call(munmap, at, pages(4));
	saw("shrunk", (before - proc_number("/proc/self/status", "VmSize")) * 1024 / (long)page_size);
}

PROBE(munmap__remove_mapping__growsdown)
{
	char *at = anon_with(2, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN);

	saw("munmap", outcome(call(munmap, at, pages(2))));
	saw("below", peek(at - pages(1)));
}

PROBE(munmap__remove_mapping__prot_none)
{
	char *at = anon_with(2, 0, PROT_NONE, MAP_PRIVATE);

	saw("munmap", outcome(call(munmap, at, pages(2))));
	saw("protection", protection(at));
}

PROBE(munmap__remove_mapping__too_many_mappings)
{
	char *at = anon(3, 'k');
	long whole, part;

	use_up_mappings();
	call(mmap, at + pages(3), pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* grows the first: allowed */
	part = call(munmap, at + pages(1), pages(1));
	saw("middle", outcome(part));
	saw("content", contents(at, 3));
	whole = call(munmap, at + pages(3), pages(1));
	saw("end", outcome(whole));
}

PROBE(munmap__remove_mapping__sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("part", outcome(call(munmap, at + pages(1), pages(1))));
	saw("whole", outcome(call(munmap, at, pages(2))));
	saw("content", contents(at, 2));
}

PROBE(munmap__remove_mapping__partly_sealed)
{
	char *at = anon(4, 'k');

	saw("mseal", outcome(call(mseal, at + pages(2), pages(2), 0)));
	saw("munmap", outcome(call(munmap, at, pages(4))));
	saw("content", contents(at, 4));
}

PROBE(munmap__remove_mapping__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);
	long free = proc_number("/proc/meminfo", "HugePages_Free");

	saw("munmap", outcome(call(munmap, at, huge_size())));
	saw("read", peek(at));
	saw("given_back", proc_number("/proc/meminfo", "HugePages_Free") - free);
}

PROBE(munmap__remove_mapping__hugetlb_part)
{
	char *at = huge(2, 'k', MAP_PRIVATE);

	saw("length", outcome(call(munmap, at, pages(1))));
	saw("address", outcome(call(munmap, at + pages(1), huge_size())));
	saw("read", peek(at));
}

PROBE(munmap__remove_mapping__dax)
{
	int fd = dax_file(1, 'd');
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	poke(at, 'w');
	saw("munmap", outcome(call(munmap, at, pages(1))));
	saw("file", file_byte(fd, 0));
}
