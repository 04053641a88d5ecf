#include "probe.h"

/* What each discarding advice answers on a sealed mapping, and what is left of its content. */
static void discards(char *at, long n)
{
	saw("mseal", outcome(call(mseal, at, pages(n), 0)));
	saw("dontneed", outcome(call(madvise, at, pages(n), MADV_DONTNEED)));
	saw("free", outcome(call(madvise, at, pages(n), MADV_FREE)));
	saw("dontneed_locked", outcome(call(madvise, at, pages(n), MADV_DONTNEED_LOCKED)));
	saw("remove", outcome(call(madvise, at, pages(n), MADV_REMOVE)));
	saw("dontfork", outcome(call(madvise, at, pages(n), MADV_DONTFORK)));
	saw("wipeonfork", outcome(call(madvise, at, pages(n), MADV_WIPEONFORK)));
	saw("guard_install", outcome(call(madvise, at, pages(n), MADV_GUARD_INSTALL)));
}

PROBE(mseal__refuse_discard__read_only_anonymous)
{
	char *at = anon(2, 'k');

	call(mprotect, at, pages(2), PROT_READ);
	discards(at, 2);
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_discard__prot_none_anonymous)
{
	discards(anon_with(2, 0, PROT_NONE, MAP_PRIVATE), 2);
}

PROBE(mseal__refuse_discard__writable_anonymous)
{
	discards(anon(2, 'k'), 2);
}

PROBE(mseal__refuse_discard__read_only_private_file)
{
	char *at = mapped(scratch_file(2, 'f'), 2, RW, MAP_PRIVATE);

	poke(at, 'w');
	call(mprotect, at, pages(2), PROT_READ);
	discards(at, 2);
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_discard__read_only_shared_file)
{
	char *at = mapped(scratch_file(2, 'f'), 2, PROT_READ, MAP_SHARED);

	discards(at, 2);
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_discard__read_only_shared_anonymous)
{
	char *at = shared_anon(2, 's');

	call(mprotect, at, pages(2), PROT_READ);
	discards(at, 2);
	saw("content", contents(at, 2));
}

PROBE(mseal__refuse_discard__with_neighbours)
{
	char *at = anon(3, 'k');

	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("mseal", outcome(call(mseal, at + pages(1), pages(1), 0)));
	saw("dontneed", outcome(call(madvise, at, pages(3), MADV_DONTNEED)));
	saw("content", contents(at, 3));
}

PROBE(mseal__refuse_discard__other_advice)
{
	char *at = anon(2, 'k');

	call(mprotect, at, pages(2), PROT_READ);
	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("normal", outcome(call(madvise, at, pages(2), MADV_RANDOM)));
	saw("willneed", outcome(call(madvise, at, pages(2), MADV_WILLNEED)));
	saw("cold", outcome(call(madvise, at, pages(2), MADV_COLD)));
	saw("dontdump", outcome(call(madvise, at, pages(2), MADV_DONTDUMP)));
	saw("dofork", outcome(call(madvise, at, pages(2), MADV_DOFORK)));
	saw("keeponfork", outcome(call(madvise, at, pages(2), MADV_KEEPONFORK)));
	saw("mlock", outcome(call(mlock, at, pages(2))));
	saw("munlock", outcome(call(munlock, at, pages(2))));
	saw("msync", outcome(call(msync, at, pages(2), MS_SYNC)));
}

PROBE(mseal__refuse_discard__hole_punched_in_file)
{
	int fd = memfd("sealed", 2, 'm', 0);
	char *at = mapped(fd, 2, PROT_READ, MAP_SHARED);

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("punch",
		outcome(call(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0LL, (long long)pages(1))));
	saw("content", contents(at, 2));
}

PROBE(mseal__system_mappings__sealed_by_the_kernel)
{
	saw("any_sealed", file_has("/proc/self/smaps", " sl"));
	saw("vdso", file_has("/proc/self/maps", "[vdso]"));
}
