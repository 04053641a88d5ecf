/* Every advice on persistent memory, and userfaultfd. */
#include "dax.h"
#include "userfault.h"

static char *touched(int flags)
{
	char *at = pmem_map(pmem(4, 'd'), 4, RW, flags);

	if (failed(at))
		broken("a mapping: %s", outcome(at));
	contents(at, 4);
	return at;
}

/* The advice, what is mapped and what is read afterwards. */
static void see_advice(int flags, int advice)
{
	char *at = touched(flags);

	saw("madvise", outcome(call(madvise, at, pmem_length(4), advice)));
	saw("populated", populated(at, 4));
	saw("content", contents(at, 4));
}

#define ADVICE(name, advice)                                                                                           \
	PROBE(dax__advice__##name)                                                                                     \
	{                                                                                                              \
		see_advice(MAP_SHARED, MADV_##advice);                                                                 \
	}

ADVICE(normal, NORMAL)
ADVICE(random, RANDOM)
ADVICE(sequential, SEQUENTIAL)
ADVICE(willneed, WILLNEED)
ADVICE(dontneed, DONTNEED)
ADVICE(free, FREE)
ADVICE(dontfork, DONTFORK)
ADVICE(dofork, DOFORK)
ADVICE(mergeable, MERGEABLE)
ADVICE(hugepage, HUGEPAGE)
ADVICE(nohugepage, NOHUGEPAGE)
ADVICE(dontdump, DONTDUMP)
ADVICE(dodump, DODUMP)
ADVICE(wipeonfork, WIPEONFORK)
ADVICE(cold, COLD)
ADVICE(pageout, PAGEOUT)
ADVICE(populate_read, POPULATE_READ)
ADVICE(populate_write, POPULATE_WRITE)
ADVICE(collapse, COLLAPSE)
ADVICE(guard_install, GUARD_INSTALL)

PROBE(dax__advice__remove)
{
	int fd = dax_file(4, 'd');
	char *at = mapped(fd, 4, RW, MAP_SHARED);

	contents(at, 4);
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_REMOVE)));
	saw("content", contents(at, 4));
	saw("file", file_byte(fd, 0));
}

PROBE(dax__advice__remove_on_a_device)
{
	saw("madvise", outcome(call(madvise, touched(MAP_SHARED), pmem_length(4), MADV_REMOVE)));
}

PROBE(dax__advice__dontneed_of_a_private_copy)
{
	char *at = mapped(dax_file(2, 'd'), 2, RW, MAP_PRIVATE);

	poke(at, 'w');
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTNEED)));
	saw("content", contents(at, 2));
}

PROBE(dax__advice__free_of_a_private_copy)
{
	char *at = mapped(dax_file(2, 'd'), 2, RW, MAP_PRIVATE);

	poke(at, 'w');
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_FREE)));
}

PROBE(dax__advice__dontneed_locked)
{
	char *at = touched(MAP_SHARED);

	call(mlock, at, pmem_length(4));
	saw("dontneed", outcome(call(madvise, at, pmem_length(4), MADV_DONTNEED)));
	saw("dontneed_locked", outcome(call(madvise, at, pmem_length(4), MADV_DONTNEED_LOCKED)));
	saw("populated", populated(at, 4));
	saw("content", contents(at, 4));
}

PROBE(dax__advice__dontfork_is_not_inherited)
{
	char *at = touched(MAP_SHARED);

	saw("madvise", outcome(call(madvise, at, pmem_length(4), MADV_DONTFORK)));
	in_child {
		saw("child", peek(at));
	}
}

PROBE(dax__advice__populate_of_a_hole)
{
	int fd = dax_file(2, 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("read", outcome(call(madvise, at, pages(2), MADV_POPULATE_READ)));
	saw("hole_after_read", outcome(call(lseek, fd, 0, 3 /* SEEK_DATA */)));
	saw("write", outcome(call(madvise, at, pages(2), MADV_POPULATE_WRITE)));
	saw("hole_after_write", outcome(call(lseek, fd, 0, 3)));
	saw("content", contents(at, 2));
}

static void see_registered(const char *word, uint64_t mode)
{
	int fd = userfault_given(0);
	char *at = pmem_map(pmem(4, 'd'), 4, RW, MAP_SHARED);

	saw_text(word, outcome(uffd_register(fd, at, pmem_length(4), mode)));
}

PROBE(dax__userfaultfd__modes)
{
	see_registered("missing", 1 /* UFFDIO_REGISTER_MODE_MISSING */);
	see_registered("wp", 2);
	see_registered("minor", 4);
}

PROBE(dax__userfaultfd__private)
{
	int fd = userfault_given(0);
	char *at = mapped(dax_file(4, 'd'), 4, RW, MAP_PRIVATE);

	saw("missing", outcome(uffd_register(fd, at, pages(4), 1)));
	at = mapped(dax_file(4, 'd'), 4, RW, MAP_PRIVATE);
	saw("wp", outcome(uffd_register(fd, at, pages(4), 2)));
}
