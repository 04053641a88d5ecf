#include "probe.h"
#include "userfault.h"

enum { MISSING = 1, MINOR = 4 };

/* A descriptor that watches `at`. */
static int watched(char *at, long n, uint64_t mode, uint64_t features)
{
	int fd = userfault_given(features);
	long result = uffd_register(fd, at, pages(n), mode);

	if (failed(result))
		broken("UFFDIO_REGISTER: %s", outcome(result));
	return fd;
}

/* A mapping of a memory file watched for minor faults, a second one to write through; false: it cannot be. */
static bool minor_watched(int *fd, char **at, char **other)
{
	int file = memfd("minor", 2, 0, 0);
	long result;

	*at = mapped(file, 2, RW, MAP_SHARED);
	*other = mapped(file, 2, RW, MAP_SHARED);
	*fd = userfault_given(0);
	result = uffd_register(*fd, *at, pages(2), MINOR);
	saw("register", outcome(result));
	return !failed(result);
}

PROBE(userfaultfd__copy__resolves)
{
	char *at = anon(2, 0), *from = anon(1, 'c');
	int fd = watched(at, 2, MISSING, 0);

	touch_begins(at, 0);
	saw("read_event", uffd_event(fd));
	saw("copy", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("read", touch_ends());
	touch_begins(at + pages(1), 'w');
	saw("write_event", uffd_event(fd));
	uffd_copy(fd, at + pages(1), from, pages(1), 0);
	saw("write", touch_ends());
}

PROBE(userfaultfd__copy__shared_memory)
{
	char *at = shared_anon(1, 0), *from = anon(1, 'c');
	int fd = watched(at, 1, MISSING, 0);

	touch_begins(at, 0);
	saw("event", uffd_event(fd));
	saw("copy", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("read", touch_ends());
}

PROBE(userfaultfd__copy__huge_page)
{
	char *at = huge(1, 0, MAP_PRIVATE), *from = anon((long)(huge_size() / page_size), 0);
	int fd = userfault_given(0);

	uffd_register(fd, at, huge_size(), MISSING);
	poke(from, 'h');
	touch_begins(at, 0);
	saw("event", uffd_event(fd));
	saw("part", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("copy", outcome(uffd_copy(fd, at, from, huge_size(), 0)));
	saw("read", touch_ends());
}

PROBE(userfaultfd__copy__refused)
{
	char *at = anon(2, 0), *from = anon(1, 'c'), *unwatched = anon(1, 0);
	int fd = watched(at, 2, MISSING, 0);

	saw("first", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("present", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("not_watched", outcome(uffd_copy(fd, unwatched, from, pages(1), 0)));
	saw("no_length", outcome(uffd_copy(fd, at + pages(1), from, 0, 0)));
	saw("unaligned", outcome(uffd_copy(fd, at + pages(1) + 8, from, pages(1), 0)));
	saw("mode", outcome(uffd_copy(fd, at + pages(1), from, pages(1), 1 << 5)));
	saw("source", outcome(uffd_copy(fd, at + pages(1), space(1), pages(1), 0)));
	saw("nothing_mapped", outcome(uffd_copy(fd, space(1), from, pages(1), 0)));
}

PROBE(userfaultfd__copy__half_way)
{
	char *at = anon(2, 0), *from = anon(2, 'c');
	int fd;

	poke(at + pages(1), 'k');
	fd = watched(at, 2, MISSING, 0);
	saw("copy", outcome(uffd_copy(fd, at, from, pages(2), 0)));
	saw("contents", contents(at, 2));
}

PROBE(userfaultfd__copy__do_not_wake)
{
	char *at = anon(1, 0), *from = anon(1, 'c');
	int fd = watched(at, 1, MISSING, 0);

	touch_begins(at, 0);
	uffd_event(fd);
	saw("copy", outcome(uffd_copy(fd, at, from, pages(1), 1)));
	saw("wake", outcome(uffd_wake(fd, at, pages(1))));
	saw("read", touch_ends());
}

PROBE(userfaultfd__copy__into_read_only)
{
	char *at = anon_with(1, 0, PROT_READ, MAP_PRIVATE), *from = anon(1, 'c');
	int fd = watched(at, 1, MISSING, 0);

	saw("copy", outcome(uffd_copy(fd, at, from, pages(1), 0)));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}

PROBE(userfaultfd__copy__other_descriptor)
{
	char *at = anon(1, 0), *from = anon(1, 'c');
	int other = userfault_given(0);

	watched(at, 1, MISSING, 0);
	saw("copy", outcome(uffd_copy(other, at, from, pages(1), 0)));
}

PROBE(userfaultfd__copy__sigbus)
{
	char *at = anon(1, 0);

	watched(at, 1, MISSING, UFFD_FEATURE_SIGBUS);
	saw("touch", peek(at));
}

PROBE(userfaultfd__copy__kernel_fault)
{
	char *at = anon(1, 0);
	int fd = userfault(1 /* UFFD_USER_MODE_ONLY */, 0), file = scratch_file(1, 'f');

	saw("userfaultfd", outcome(fd));
	if (failed(fd))
		return;
	uffd_register(fd, at, pages(1), MISSING);
	saw("read", outcome(call(pread64, file, at, 16, 0LL)));
}

PROBE(userfaultfd__copy__again_after_dontneed)
{
	char *at = anon(1, 'k'), *from = anon(1, 'c');
	int fd = watched(at, 1, MISSING, 0);

	call(madvise, at, pages(1), MADV_DONTNEED);
	touch_begins(at, 0);
	saw("event", uffd_event(fd));
	uffd_copy(fd, at, from, pages(1), 0);
	saw("read", touch_ends());
}

PROBE(userfaultfd__copy__beyond_end_of_file)
{
	char *at = mapped(memfd("short", 1, 0, 0), 2, RW, MAP_SHARED), *from = anon(1, 'c');
	int fd = watched(at, 2, MISSING, 0);

	saw("copy", outcome(uffd_copy(fd, at + pages(1), from, pages(1), 0)));
}

PROBE(userfaultfd__zeropage__resolves)
{
	char *at = anon(1, 0), *shared = shared_anon(1, 0);
	int fd = watched(at, 1, MISSING, 0), other = watched(shared, 1, MISSING, 0);

	saw("private", outcome(uffd_zeropage(fd, at, pages(1), 0)));
	saw("read", peek(at));
	saw("rss", smaps_pages(at, "Rss"));
	saw("shared", outcome(uffd_zeropage(other, shared, pages(1), 0)));
	saw("shared_rss", smaps_pages(shared, "Rss"));
	saw("present", outcome(uffd_zeropage(fd, at, pages(1), 0)));
}

PROBE(userfaultfd__zeropage__huge_pages)
{
	char *at = huge(1, 0, MAP_PRIVATE);
	int fd = userfault_given(0);

	uffd_register(fd, at, huge_size(), MISSING);
	saw("zeropage", outcome(uffd_zeropage(fd, at, huge_size(), 0)));
}

PROBE(userfaultfd__minor__continue)
{
	int fd;
	char *at, *other;

	if (!minor_watched(&fd, &at, &other))
		return;
	poke(other, 'm');
	touch_begins(at, 0);
	saw("event", uffd_event(fd));
	saw("continue", outcome(uffd_continue(fd, at, pages(1), 0)));
	saw("read", touch_ends());
	saw("again", outcome(uffd_continue(fd, at, pages(1), 0)));
}

PROBE(userfaultfd__minor__nothing_there)
{
	int fd;
	char *at, *other;

	if (!minor_watched(&fd, &at, &other))
		return;
	saw("continue", outcome(uffd_continue(fd, at, pages(1), 0)));
	saw("missing_touch", peek(at));
}

PROBE(userfaultfd__minor__write_protected)
{
	int fd;
	char *at, *other;

	if (!minor_watched(&fd, &at, &other))
		return;
	poke(other, 'm');
	saw("continue", outcome(uffd_continue(fd, at, pages(1), 2)));
	saw("unknown_mode", outcome(uffd_continue(fd, at, pages(1), 4)));
	saw("both", outcome(uffd_register(fd, at, pages(2), MINOR | 2 /* WP */)));
	saw("protected", outcome(uffd_continue(fd, at, pages(1), 2)));
	saw("bit", page_bit(at, 57));
}
