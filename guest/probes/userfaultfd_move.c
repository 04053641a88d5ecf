#include "probe.h"
#include "userfault.h"

enum { MISSING = 1 };

/* A descriptor that watches `at`. */
static int watched(char *at, long n, uint64_t mode, uint64_t features)
{
	int fd = userfault_given(features);
	long result = uffd_register(fd, at, pages(n), mode);

	if (failed(result))
		broken("UFFDIO_REGISTER: %s", outcome(result));
	return fd;
}

PROBE(userfaultfd__poison__touch)
{
	char *at = anon(2, 0);
	int fd = watched(at, 2, MISSING, 0);
	long result = uffd_poison(fd, at, pages(1), 0);

	saw("poison", outcome(result));
	if (failed(result))
		return;
	saw("touch", peek(at));
	saw("again", outcome(uffd_poison(fd, at, pages(1), 0)));
	in_child
		saw("child", peek(at));
	uffd_unregister(fd, at, pages(2));
	saw("unregistered", peek(at));
	call(madvise, at, pages(1), MADV_DONTNEED);
	saw("dontneed", peek(at));
}

PROBE(userfaultfd__poison__shared_memory)
{
	int file = memfd("poison", 1, 0, 0);
	char *at = mapped(file, 1, RW, MAP_SHARED), *other = mapped(file, 1, RW, MAP_SHARED);
	int fd = watched(at, 1, MISSING, 0);
	long result = uffd_poison(fd, at, pages(1), 0);

	saw("poison", outcome(result));
	if (failed(result))
		return;
	saw("touch", peek(at));
	saw("other", peek(other));
}

PROBE(userfaultfd__move__moves)
{
	char *to = anon(1, 0), *from = anon(1, 'k');
	int fd = watched(to, 1, MISSING, 0);
	long result = uffd_move(fd, to, from, pages(1), 0);

	saw("move", outcome(result));
	if (failed(result))
		return;
	saw("to", peek(to));
	saw("from_populated", populated(from, 1));
	saw("from", peek(from));
}

PROBE(userfaultfd__move__refused)
{
	char *to = anon(4, 0), *from = anon(2, 'k'), *hole = anon(1, 0), *shared = shared_anon(1, 'k');
	char *zero = anon(1, 0), *locked = anon(1, 'k');
	int fd = watched(to, 4, MISSING, 0);

	saw("hole", outcome(uffd_move(fd, to, hole, pages(1), 0)));
	saw("hole_allowed", outcome(uffd_move(fd, to, hole, pages(1), 2 /* ALLOW_SRC_HOLES */)));
	saw("shared", outcome(uffd_move(fd, to, shared, pages(1), 0)));
	peek(zero);
	saw("zero_page", outcome(uffd_move(fd, to + pages(1), zero, pages(1), 0)));
	call(mlock, locked, pages(1));
	saw("locked", outcome(uffd_move(fd, to + pages(2), locked, pages(1), 0)));
	saw("overlap", outcome(uffd_move(fd, to, to, pages(1), 0)));
	saw("first", outcome(uffd_move(fd, to + pages(3), from, pages(1), 0)));
	saw("occupied", outcome(uffd_move(fd, to + pages(3), from + pages(1), pages(1), 0)));
	saw("read_only_source", outcome(call(mprotect, from, pages(2), PROT_READ)));
	saw("protections_differ", outcome(uffd_move(fd, to + pages(2), from + pages(1), pages(1), 0)));
}

PROBE(userfaultfd__move__shared_with_child)
{
	char *to = anon(2, 0), *from = anon(2, 'k');
	int fd = watched(to, 2, MISSING, 0), pid = other_process();

	saw("during", outcome(uffd_move(fd, to, from, pages(1), 0)));
	end_other(pid);
	saw("after", outcome(uffd_move(fd, to + pages(1), from + pages(1), pages(1), 0)));
}
