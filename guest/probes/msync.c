#include "settle.h"

/* A page that was written is dirty until the file system has it: smaps tells. */
static char *dirty(int fd, long n)
{
	char *at = mapped(fd, n, RW, MAP_SHARED);

	drain();
	poke_pages(at, n, 'w');
	saw("before", smaps_pages(at, "Private_Dirty"));
	return at;
}

static void synced(char *at, long n, int flags)
{
	saw("msync", outcome(call(msync, at, pages(n), flags)));
	saw("dirty", smaps_pages(at, "Private_Dirty"));
}

PROBE(msync__sync_mappings_to_file__sync)
{
	synced(dirty(ext4_file(2, 'a'), 2), 2, MS_SYNC);
}

PROBE(msync__sync_mappings_to_file__part)
{
	synced(dirty(ext4_file(3, 'a'), 3), 1, MS_SYNC);
}

PROBE(msync__sync_mappings_to_file__async_does_nothing)
{
	synced(dirty(ext4_file(2, 'a'), 2), 2, MS_ASYNC);
}

PROBE(msync__sync_mappings_to_file__invalidate_alone)
{
	char *at = dirty(ext4_file(2, 'a'), 2);

	synced(at, 2, MS_INVALIDATE);
	saw("populated", populated(at, 2));
	saw("after", contents(at, 2));
}

PROBE(msync__sync_mappings_to_file__sync_and_invalidate)
{
	int fd = ext4_file(2, 'a');
	char *other = mapped(fd, 2, PROT_READ, MAP_SHARED), *at = dirty(fd, 2);

	contents(other, 2);
	synced(at, 2, MS_SYNC | MS_INVALIDATE);
	saw("other_populated", populated(other, 2));
	saw("after", contents(other, 2));
}

PROBE(msync__sync_mappings_to_file__no_flags)
{
	synced(dirty(ext4_file(2, 'a'), 2), 2, 0);
}

PROBE(msync__sync_mappings_to_file__tmpfs)
{
	synced(dirty(scratch_file(2, 'a'), 2), 2, MS_SYNC);
}

PROBE(msync__sync_mappings_to_file__dax)
{
	char *at = mapped(dax_file(2, 'a'), 2, RW, MAP_SHARED);

	poke_pages(at, 2, 'w');
	saw("msync", outcome(call(msync, at, pages(2), MS_SYNC)));
	saw("after", contents(at, 2));
}

PROBE(msync__sync_mappings_to_file__private_keeps_its_own)
{
	int fd = ext4_file(1, 'a');
	char *at = mapped(fd, 1, RW, MAP_PRIVATE), *file = mapped(fd, 1, PROT_READ, MAP_SHARED);

	poke(at, 'w');
	saw("msync", outcome(call(msync, at, pages(1), MS_SYNC)));
	saw("own", peek(at));
	saw("file", peek(file));
}

PROBE(msync__sync_mappings_to_file__kinds_of_mapping)
{
	saw("anonymous", outcome(call(msync, anon(1, 'k'), pages(1), MS_SYNC)));
	saw("shared_anonymous", outcome(call(msync, shared_anon(1, 'k'), pages(1), MS_SYNC)));
	saw("no_access", outcome(call(msync, anon_with(1, 0, PROT_NONE, MAP_PRIVATE), pages(1), MS_SYNC)));
	saw("memfd", outcome(call(msync, mapped(memfd("m", 1, 'a', 0), 1, RW, MAP_SHARED), pages(1), MS_SYNC)));
}

PROBE(msync__sync_mappings_to_file__read_only_mapping_syncs_too)
{
	int fd = ext4_file(2, 'a');
	char *at = dirty(fd, 2), *other = mapped(fd, 2, PROT_READ, MAP_SHARED);

	saw("msync", outcome(call(msync, other, pages(2), MS_SYNC)));
	saw("dirty", smaps_pages(at, "Private_Dirty"));
}

PROBE(msync__sync_mappings_to_file__beyond_the_file)
{
	char *at = mapped(ext4_file(1, 'a'), 3, RW, MAP_SHARED);

	saw("msync", outcome(call(msync, at + pages(1), pages(2), MS_SYNC)));
}

PROBE(msync__sync_mappings_to_file__hugetlb)
{
	char *at = huge(1, 'k', MAP_SHARED);

	saw("msync", outcome(call(msync, at, huge_size(), MS_SYNC)));
	saw("after", peek(at));
}

PROBE(msync__invalidate__locked)
{
	char *at = dirty(ext4_file(2, 'a'), 2);

	saw("mlock", outcome(call(mlock, at, pages(1))));
	saw("invalidate", outcome(call(msync, at, pages(2), MS_INVALIDATE)));
	saw("with_sync", outcome(call(msync, at, pages(2), MS_SYNC | MS_INVALIDATE)));
	saw("dirty", smaps_pages(at + pages(1), "Private_Dirty"));
	saw("rest", outcome(call(msync, at + pages(1), pages(1), MS_INVALIDATE)));
	saw("sync", outcome(call(msync, at, pages(2), MS_SYNC)));
}

PROBE(msync__invalidate__locked_on_fault)
{
	char *at = anon(1, 0);

	saw("mlock2", outcome(call(mlock2, at, pages(1), MLOCK_ONFAULT)));
	saw("invalidate", outcome(call(msync, at, pages(1), MS_INVALIDATE)));
	saw("async", outcome(call(msync, at, pages(1), MS_ASYNC)));
}

PROBE(msync__invalidate__lock_behind_is_found_after_the_sync)
{
	int fd = ext4_file(2, 'a');
	char *at = dirty(fd, 2);

	call(mlock, at + pages(1), pages(1));
	saw("msync", outcome(call(msync, at, pages(2), MS_SYNC | MS_INVALIDATE)));
	saw("first_dirty", smaps_pages(at, "Private_Dirty"));
}

PROBE(msync__arguments__refusals)
{
	char *at = mapped(ext4_file(1, 'a'), 1, RW, MAP_SHARED);

	saw("both", outcome(call(msync, at, pages(1), MS_SYNC | MS_ASYNC)));
	saw("unassigned", outcome(call(msync, at, pages(1), 8)));
	saw("unaligned", outcome(call(msync, at + 1, pages(1), MS_SYNC)));
	saw("unmapped", outcome(call(msync, space(1), pages(1), MS_SYNC)));
	saw("wraps", outcome(call(msync, at, -pages(1), MS_SYNC)));
	saw("rounded_to_zero", outcome(call(msync, at, -1L, MS_SYNC)));
	saw("empty", outcome(call(msync, at, 0, MS_SYNC)));
	saw("empty_unmapped", outcome(call(msync, space(1), 0, MS_SYNC)));
}

static void over_a_hole(int flags)
{
	char *at = dirty(ext4_file(3, 'a'), 3);

	call(munmap, at + pages(1), pages(1));
	saw("msync", outcome(call(msync, at, pages(3), flags)));
	saw("first_dirty", smaps_pages(at, "Private_Dirty"));
	saw("last_dirty", smaps_pages(at + pages(2), "Private_Dirty"));
}

PROBE(msync__arguments__hole)
{
	over_a_hole(MS_SYNC);
}

PROBE(msync__arguments__hole_async)
{
	over_a_hole(MS_ASYNC);
}
