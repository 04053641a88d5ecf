#include "probe.h"
#include <linux/shm.h>

static char *sealed(long n, char letter)
{
	char *at = anon(n, letter);

	saw("mseal", outcome(call(mseal, at, pages(n), 0)));
	return at;
}

PROBE(mseal__seal_mapping__accepted)
{
	char *at = sealed(2, 'k');

	saw("again", outcome(call(mseal, at, pages(2), 0)));
	saw("flag", vm_flag(at, "sl"));
	saw("without_a_name", vm_flag(at, "??"));
	saw("content", contents(at, 2));
	saw("write", poke(at, 'w'));
}

PROBE(mseal__seal_mapping__arguments)
{
	char *at = anon(2, 'k');

	saw("flags", outcome(call(mseal, at, pages(2), 1)));
	saw("unaligned", outcome(call(mseal, at + 1, pages(1), 0)));
	saw("overflow", outcome(call(mseal, at, ~0UL - pages(1), 0)));
	saw("no_length", outcome(call(mseal, at, 0, 0)));
	saw("odd_length", outcome(call(mseal, at, page_size + 1, 0)));
	saw("second_page", outcome(call(munmap, at + pages(1), pages(1))));
}

PROBE(mseal__seal_mapping__nothing_there)
{
	char *at = anon(3, 'k');

	saw("nowhere", outcome(call(mseal, space(1), pages(1), 0)));
	call(munmap, at + pages(1), pages(1));
	saw("hole", outcome(call(mseal, at, pages(3), 0)));
	saw("beyond", outcome(call(mseal, at, pages(2), 0)));
	saw("before_hole", outcome(call(munmap, at, pages(1))));
}

PROBE(mseal__seal_mapping__a_part_splits)
{
	char *at = anon(3, 'k');

	saw("mseal", outcome(call(mseal, at + pages(1), pages(1), 0)));
	saw("pieces", mapping_pages(at + pages(1)));
	saw("unsealed_part", outcome(call(munmap, at, pages(1))));
	saw("sealed_part", outcome(call(munmap, at + pages(1), pages(1))));
	saw("across", outcome(call(munmap, at + pages(1), pages(2))));
	saw("content", contents(at, 3));
}

PROBE(mseal__seal_mapping__several_mappings)
{
	char *at = anon(4, 'k');

	call(mprotect, at + pages(1), pages(1), PROT_READ);
	call(mprotect, at + pages(3), pages(1), PROT_NONE);
	saw("mseal", outcome(call(mseal, at, pages(4), 0)));
	saw("first", outcome(call(munmap, at, pages(1))));
	saw("last", outcome(call(munmap, at + pages(3), pages(1))));
}

PROBE(mseal__seal_mapping__kinds_of_mapping)
{
	int fd = memfd("sealed", 1, 'm', 0);

	saw("shared", outcome(call(mseal, shared_anon(1, 's'), pages(1), 0)));
	saw("memfd", outcome(call(mseal, mapped(fd, 1, RW, MAP_SHARED), pages(1), 0)));
	saw("private_file", outcome(call(mseal, mapped(ext4_file(1, 'f'), 1, RW, MAP_PRIVATE), pages(1), 0)));
	saw("prot_none", outcome(call(mseal, anon_with(1, 0, PROT_NONE, MAP_PRIVATE), pages(1), 0)));
	saw("growsdown", outcome(call(mseal, anon_with(1, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN), pages(1), 0)));
	saw("system_v", outcome(call(mseal, shm_attached(shm_segment(1, 0), 0), pages(1), 0)));
}

PROBE(mseal__seal_mapping__fork_keeps)
{
	char *at = sealed(1, 'k');

	in_child {
		saw("child_munmap", outcome(call(munmap, at, pages(1))));
		saw("child_content", peek(at));
		saw("child_write", poke(at, 'w'));
	}
	saw("parent", outcome(call(munmap, at, pages(1))));
}

PROBE(mseal__refuse_change__munmap)
{
	char *at = sealed(2, 'k');

	saw("whole", outcome(call(munmap, at, pages(2))));
	saw("part", outcome(call(munmap, at, pages(1))));
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_change__munmap_with_neighbours)
{
	char *at = anon(3, 'k');

	saw("mseal", outcome(call(mseal, at + pages(1), pages(1), 0)));
	saw("munmap", outcome(call(munmap, at, pages(3))));
	saw("content", contents(at, 3));
}

PROBE(mseal__refuse_change__mprotect)
{
	char *at = sealed(2, 'k');

	saw("other", outcome(call(mprotect, at, pages(2), PROT_READ)));
	saw("same", outcome(call(mprotect, at, pages(2), RW)));
	saw("part", outcome(call(mprotect, at, pages(1), PROT_NONE)));
	saw("pkey_mprotect", outcome(call(pkey_mprotect, at, pages(2), PROT_READ, -1)));
	saw("protection", protection(at));
}

/* What of a range before the sealed mapping is changed already when the call is refused. */
PROBE(mseal__refuse_change__mprotect_with_neighbours)
{
	char *at = anon(3, 'k');

	saw("mseal", outcome(call(mseal, at + pages(1), pages(1), 0)));
	saw("mprotect", outcome(call(mprotect, at, pages(3), PROT_READ)));
	saw("before", protection(at));
	saw("sealed", protection(at + pages(1)));
	saw("behind", protection(at + pages(2)));
}

PROBE(mseal__refuse_change__map_fixed_over)
{
	char *at = sealed(2, 'k'), *got;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	got = address(call(mmap, at, pages(1), RW, flags | MAP_FIXED, -1, 0));
	saw("fixed", outcome(got));
	saw("noreplace", outcome(call(mmap, at, pages(1), RW, flags | MAP_FIXED_NOREPLACE, -1, 0)));
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_change__mremap)
{
	char *at = sealed(4, 'k');

	saw("shrink", outcome(call(mremap, at, pages(4), pages(2), 0)));
	saw("expand", outcome(call(mremap, at, pages(4), pages(6), 0)));
	saw("same_size", outcome(call(mremap, at, pages(4), pages(4), 0)));
	saw("move", outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, space(4))));
	saw("dontunmap", outcome(call(mremap, at, pages(4), pages(4), MREMAP_MAYMOVE | MREMAP_DONTUNMAP, space(4))));
	saw("content", contents(at, 4));
}

PROBE(mseal__refuse_change__mremap_onto)
{
	char *at = sealed(2, 'k'), *from = anon(2, 'f');

	saw("onto", outcome(call(mremap, from, pages(2), pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, at)));
	saw("content", contents(at, 2));
	saw("source", contents(from, 2));
}

PROBE(mseal__refuse_change__copy_of_shared)
{
	char *at = shared_anon(2, 's'), *to = space(2);

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("copy", outcome(call(mremap, at, 0, pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to)));
	saw("content", contents(to, 2));
}

PROBE(mseal__refuse_change__heap)
{
	char *old = address(call(brk, NULL)), *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	call(brk, at + pages(4));
	saw("mseal", outcome(call(mseal, at + pages(1), pages(3), 0)));
	saw("shrink", yes(address(call(brk, at + pages(1))) == at + pages(1)));
	saw("expand", yes(address(call(brk, at + pages(6))) == at + pages(6)));
	saw("grown_is_sealed", outcome(call(munmap, at + pages(5), pages(1))));
}

PROBE(mseal__refuse_change__shmdt)
{
	char *at = shm_attached(shm_segment(1, 0), 0);

	saw("mseal", outcome(call(mseal, at, pages(1), 0)));
	saw("shmdt", outcome(call(shmdt, at)));
	saw("remap", outcome(call(shmat, shm_segment(1, 0), at, SHM_REMAP)));
	saw("content", peek(at));
}

PROBE(mseal__refuse_change__remap_file_pages)
{
	char *at = mapped(memfd("sealed", 3, 'm', 0), 3, RW, MAP_SHARED);

	saw("mseal", outcome(call(mseal, at, pages(3), 0)));
	saw("remap", outcome(call(remap_file_pages, at, pages(1), 0, 2, 0)));
	saw("content", contents(at, 3));
}

PROBE(mseal__refuse_change__stack_grows)
{
	char *at = space(64) + pages(60);

	at = address(call(mmap, at, pages(2), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("grow", poke(at - pages(1), 'g'));
	saw("grown_is_sealed", outcome(call(munmap, at - pages(1), pages(1))));
}
