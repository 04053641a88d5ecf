#include "probe.h"
#include "userfault.h"

enum { MISSING = 1, WP = 2, UNPOPULATED = 1 << 13, WP_ASYNC = 1 << 15, WP_BIT = 57 };

/* Registers for write protection; says why where it cannot be, and answers -1. */
static int wp_watched(char *at, long n, uint64_t features)
{
	int fd = userfault(0, features);
	long result = failed(fd) ? fd : uffd_register(fd, at, pages(n), WP);

	saw("register", outcome(result));
	return failed(result) ? -1 : fd;
}

PROBE(userfaultfd__write_protect__event)
{
	char *at = anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("read", peek(at));
	touch_begins(at, 'w');
	saw("event", uffd_event(fd));
	saw("unprotect", outcome(uffd_writeprotect(fd, at, pages(1), 0)));
	saw("write", touch_ends());
}

PROBE(userfaultfd__write_protect__shmem)
{
	char *at = shared_anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	touch_begins(at, 'w');
	saw("event", uffd_event(fd));
	uffd_writeprotect(fd, at, pages(1), 0);
	saw("write", touch_ends());
}

PROBE(userfaultfd__write_protect__shmem_survives_unmapping)
{
	char *at = shared_anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("dontneed", outcome(call(madvise, at, pages(1), MADV_DONTNEED)));
	saw("bit", page_bit(at, WP_BIT));
	saw("present", populated(at, 1));
}

PROBE(userfaultfd__write_protect__huge_page)
{
	char *at = huge(1, 'h', MAP_PRIVATE);
	int fd = userfault_given(0);
	long result = uffd_register(fd, at, huge_size(), WP);

	saw("register", outcome(result));
	if (failed(result))
		return;
	saw("part", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("protect", outcome(uffd_writeprotect(fd, at, huge_size(), 1)));
	touch_begins(at, 'w');
	saw("event", uffd_event(fd));
	uffd_writeprotect(fd, at, huge_size(), 0);
	saw("write", touch_ends());
}

PROBE(userfaultfd__write_protect__refused)
{
	char *at = anon(2, 'k'), *missing = anon(1, 'm');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("not_watched", outcome(uffd_writeprotect(fd, missing, pages(1), 1)));
	saw("unaligned", outcome(uffd_writeprotect(fd, at + 8, pages(1), 1)));
	saw("mode", outcome(uffd_writeprotect(fd, at, pages(1), 4)));
	saw("protect_and_wake", outcome(uffd_writeprotect(fd, at, pages(1), 3)));
	saw("reaches_beyond", outcome(uffd_writeprotect(fd, at, pages(2), 1)));
	saw("first_protected", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__watched_for_missing_only)
{
	char *at = anon(1, 'k');
	int fd = userfault_given(0);

	uffd_register(fd, at, pages(1), MISSING);
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
}

PROBE(userfaultfd__write_protect__unpopulated)
{
	char *at = anon(1, 0);
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("plain_bit", page_bit(at, WP_BIT));
	saw("write", poke(at, 'w'));
}

PROBE(userfaultfd__write_protect__unpopulated_asked)
{
	char *at = anon(1, 0);
	int fd = wp_watched(at, 1, UNPOPULATED);

	if (fd < 0)
		return;
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("bit", page_bit(at, WP_BIT));
	touch_begins(at, 'w');
	saw("event", uffd_event(fd));
	uffd_writeprotect(fd, at, pages(1), 0);
	saw("write", touch_ends());
}

PROBE(userfaultfd__write_protect__in_pagemap)
{
	char *at = anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	saw("before", page_bit(at, WP_BIT));
	uffd_writeprotect(fd, at, pages(1), 1);
	saw("protected", page_bit(at, WP_BIT));
	saw("flag", vm_flag(at, "uw"));
	uffd_unregister(fd, at, pages(1));
	saw("unregistered", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__through_mprotect)
{
	char *at = anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	uffd_writeprotect(fd, at, pages(1), 1);
	call(mprotect, at, pages(1), PROT_READ);
	call(mprotect, at, pages(1), RW);
	saw("bit", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__through_fork)
{
	char *at = anon(1, 'k');
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	uffd_writeprotect(fd, at, pages(1), 1);
	in_child {
		saw("child_bit", page_bit(at, WP_BIT));
		saw("child", poke(at, 'c'));
	}
	saw("parent_bit", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__through_mremap)
{
	char *at = anon(1, 'k'), *moved;
	int fd = wp_watched(at, 1, 0);

	if (fd < 0)
		return;
	uffd_writeprotect(fd, at, pages(1), 1);
	moved = address(call(mremap, at, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, space(1)));
	if (failed(moved))
		broken("mremap");
	saw("flag", vm_flag(moved, "uw"));
	saw("bit", page_bit(moved, WP_BIT));
	saw("write", poke(moved, 'w'));
}

PROBE(userfaultfd__write_protect__copied_protected)
{
	char *at = anon(1, 0), *from = anon(1, 'c');
	int fd = userfault_given(0);
	long result = uffd_register(fd, at, pages(1), MISSING | WP);

	saw("register", outcome(result));
	if (failed(result))
		return;
	saw("copy", outcome(uffd_copy(fd, at, from, pages(1), 2)));
	saw("bit", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__async)
{
	char *at = anon(1, 'k');
	int fd = wp_watched(at, 1, WP_ASYNC);

	if (fd < 0)
		return;
	uffd_writeprotect(fd, at, pages(1), 1);
	saw("before", page_bit(at, WP_BIT));
	saw("write", poke(at, 'w'));
	saw("after", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__write_protect__async_ext4)
{
	char *at = mapped(ext4_file(1, 'k'), 1, RW, MAP_SHARED);
	int fd = wp_watched(at, 1, WP_ASYNC);

	if (fd < 0)
		return;
	peek(at);
	saw("protect", outcome(uffd_writeprotect(fd, at, pages(1), 1)));
	saw("before", page_bit(at, WP_BIT));
	saw("write", poke(at, 'w'));
	saw("after", page_bit(at, WP_BIT));
}

PROBE(userfaultfd__events__fork)
{
	char *at = anon(1, 'k');
	int fd = userfault_given(UFFD_FEATURE_EVENT_FORK);

	uffd_register(fd, at, pages(1), MISSING);
	listen_begins(fd);
	in_child
		saw("um", vm_flag(at, "um"));
	saw("event", listen_ends());
}

PROBE(userfaultfd__events__remap)
{
	char *at = anon(1, 'k'), *moved;
	int fd = userfault_given(UFFD_FEATURE_EVENT_REMAP);

	uffd_register(fd, at, pages(1), MISSING);
	listen_begins(fd);
	moved = address(call(mremap, at, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, space(1)));
	saw("event", listen_ends());
	saw("mremap", outcome(moved));
	if (!failed(moved))
		saw("um", vm_flag(moved, "um"));
}

PROBE(userfaultfd__events__remap_in_place)
{
	char *at = anon(1, 'k');
	int fd = userfault_given(UFFD_FEATURE_EVENT_REMAP);

	uffd_register(fd, at, pages(1), MISSING);
	listen_begins(fd);
	saw("mremap", outcome(call(mremap, at, pages(1), pages(2), 0)));
	saw("event", listen_ends());
}

PROBE(userfaultfd__events__remove)
{
	char *at = anon(1, 'k'), *shared = shared_anon(1, 'k');
	int fd = userfault_given(UFFD_FEATURE_EVENT_REMOVE);

	uffd_register(fd, at, pages(1), MISSING);
	uffd_register(fd, shared, pages(1), MISSING);
	listen_begins(fd);
	call(madvise, at, pages(1), MADV_DONTNEED);
	saw("dontneed", listen_ends());
	listen_begins(fd);
	call(madvise, shared, pages(1), MADV_REMOVE);
	saw("madv_remove", listen_ends());
}

PROBE(userfaultfd__events__unmap)
{
	char *at = anon(1, 'k');
	int fd = userfault_given(UFFD_FEATURE_EVENT_UNMAP);

	uffd_register(fd, at, pages(1), MISSING);
	listen_begins(fd);
	call(munmap, at, pages(1));
	saw("event", listen_ends());
}
