#include "probe.h"
#include "userfault.h"

/*
 * One kind of mapping in every mode, each with a descriptor of its own; what a registration allows, as bits
 * 1 << _UFFDIO_…. WP_ASYNC is a feature of the handshake and takes more kinds.
 */
static void each_mode(char *at, size_t length)
{
	static const char *const names[] = {"missing", "wp", "minor"};

	for (int i = 0; i < 3; i++) {
		int fd = userfault_given(0);

		saw(names[i], outcome(uffd_register(fd, at, length, 1ULL << i)));
		saw(textf("%s_can", names[i]), textf("%#llx", (unsigned long long)uffd_register_ioctls()));
		call(close, fd);
	}
}

static void async_mode(char *at, size_t length)
{
	int fd = userfault(0, 1 << 15 /* UFFD_FEATURE_WP_ASYNC */);

	saw("wp_async", failed(fd) ? outcome(fd) : outcome(uffd_register(fd, at, length, 2)));
}

static void every_mode(char *at, long n)
{
	each_mode(at, pages(n));
	async_mode(at, pages(n));
}

PROBE(userfaultfd__register__anonymous)
{
	every_mode(anon(2, 'k'), 2);
}

PROBE(userfaultfd__register__shared_anonymous)
{
	every_mode(shared_anon(2, 'k'), 2);
}

PROBE(userfaultfd__register__memory_file)
{
	every_mode(mapped(memfd("watched", 2, 'k', 0), 2, RW, MAP_SHARED), 2);
}

PROBE(userfaultfd__register__memory_file_private)
{
	every_mode(mapped(memfd("watched", 2, 'k', 0), 2, RW, MAP_PRIVATE), 2);
}

PROBE(userfaultfd__register__shm_segment)
{
	every_mode(shm_attached(shm_segment(2, 0), 0), 2);
}

PROBE(userfaultfd__register__ext4_private)
{
	every_mode(mapped(ext4_file(2, 'k'), 2, RW, MAP_PRIVATE), 2);
}

PROBE(userfaultfd__register__ext4_shared)
{
	every_mode(mapped(ext4_file(2, 'k'), 2, RW, MAP_SHARED), 2);
}

PROBE(userfaultfd__register__read_only)
{
	every_mode(anon_with(2, 0, PROT_READ, MAP_PRIVATE), 2);
}

PROBE(userfaultfd__register__never_writable)
{
	int fd = memfd("watched", 2, 'k', 0);

	reopen(fd, O_RDONLY);
	every_mode(mapped(fd, 2, PROT_READ, MAP_SHARED), 2);
}

PROBE(userfaultfd__register__inaccessible)
{
	every_mode(anon_with(2, 0, PROT_NONE, MAP_PRIVATE), 2);
}

PROBE(userfaultfd__register__growing)
{
	every_mode(anon_with(2, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN), 2);
}

PROBE(userfaultfd__register__sealed)
{
	char *at = anon(2, 'k');
	long sealed = call(mseal, at, pages(2), 0);

	saw("mseal", outcome(sealed));
	if (!failed(sealed))
		every_mode(at, 2);
}

PROBE(userfaultfd__register__droppable)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (!failed(at))
		every_mode(at, 2);
}

PROBE(userfaultfd__register__secret)
{
	int fd = (int)call(memfd_secret, 0);
	char *at;

	saw("memfd_secret", outcome(fd));
	if (failed(fd))
		return;
	call(ftruncate, fd, (long long)pages(2));
	at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, 0));
	saw("mmap", outcome(at));
	if (!failed(at))
		every_mode(at, 2);
}

PROBE(userfaultfd__register__dev_zero)
{
	every_mode(mapped((int)call(openat, -100, "/dev/zero", O_RDWR, 0), 2, RW, MAP_PRIVATE), 2);
}

PROBE(userfaultfd__register__huge_pages)
{
	each_mode(huge(1, 0, MAP_PRIVATE), huge_size());
}

PROBE(userfaultfd__register__huge_pages_shared)
{
	each_mode(huge(1, 0, MAP_SHARED), huge_size());
}

PROBE(userfaultfd__register__dax)
{
	every_mode(mapped(dax_file(2, 'k'), 2, RW, MAP_SHARED), 2);
}

PROBE(userfaultfd__register__arguments)
{
	int fd = userfault_given(0);
	char *at = anon(2, 0);

	saw("no_mode", outcome(uffd_register(fd, at, pages(2), 0)));
	saw("unknown_mode", outcome(uffd_register(fd, at, pages(2), 8)));
	saw("unaligned", outcome(uffd_register(fd, at + 8, pages(1), 1)));
	saw("no_length", outcome(uffd_register(fd, at, 0, 1)));
	saw("part_page", outcome(uffd_register(fd, at, 100, 1)));
	saw("nothing", outcome(uffd_register(fd, space(2), pages(2), 1)));
	saw("beyond", outcome(uffd_register(fd, at, pages(4), 1)));
}

PROBE(userfaultfd__register__newer_mode)
{
	char *at = anon(2, 'k');
	int both;

	saw("plain", outcome(uffd_register(userfault_given(0), at, pages(2), 8)));
	saw("feature_17", outcome(userfault(0, 1ULL << 17)));
	saw("feature_18", outcome(userfault(0, 1ULL << 18)));
	saw("feature_19", outcome(userfault(0, 1ULL << 19)));
	both = userfault(0, 3ULL << 17);
	saw("both", outcome(both));
	if (failed(both))
		return;
	saw("register", outcome(uffd_register(both, at, pages(2), 8)));
	saw("can", textf("%#llx", (unsigned long long)uffd_register_ioctls()));
	saw("flags", vm_flags(at));
}

PROBE(userfaultfd__register__hole_inside)
{
	int fd = userfault_given(0);
	char *at = anon(4, 0);

	call(munmap, at + pages(1), pages(2));
	saw("register", outcome(uffd_register(fd, at, pages(4), 1)));
	saw("last", vm_flag(at + pages(3), "um"));
}

PROBE(userfaultfd__register__two_descriptors)
{
	int one = userfault_given(0), other = userfault_given(0);
	char *at = anon(2, 0);

	uffd_register(one, at, pages(2), 1);
	saw("other", outcome(uffd_register(other, at, pages(2), 1)));
	saw("same", outcome(uffd_register(one, at, pages(2), 1)));
	saw("unregister_by_other", outcome(uffd_unregister(other, at, pages(2))));
	saw("still", vm_flag(at, "um"));
}

PROBE(userfaultfd__register__flags_and_split)
{
	int fd = userfault_given(0);
	char *at = anon(3, 'k');

	uffd_register(fd, at + pages(1), pages(1), 1);
	saw("um", vm_flag(at + pages(1), "um"));
	saw("pages", mapping_pages(at + pages(1)));
	uffd_unregister(fd, at + pages(1), pages(1));
	saw("merged", mapping_pages(at));
}

PROBE(userfaultfd__register__ends_with_descriptor)
{
	int fd = userfault_given(0);
	char *at = anon(1, 0);

	uffd_register(fd, at, pages(1), 1);
	touch_begins(at, 0);
	uffd_event(fd);
	call(close, fd);
	saw("touch", touch_ends());
	saw("um", vm_flag(at, "um"));
}

PROBE(userfaultfd__register__not_inherited)
{
	int fd = userfault_given(0);
	char *at = anon(1, 0);

	uffd_register(fd, at, pages(1), 1);
	in_child {
		saw("um", vm_flag(at, "um"));
		saw("child", peek(at));
	}
	saw("parent_um", vm_flag(at, "um"));
}

PROBE(userfaultfd__register__after_mremap)
{
	int fd = userfault_given(0);
	char *at = anon(1, 'k'), *moved;

	uffd_register(fd, at, pages(1), 1);
	moved = address(call(mremap, at, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, space(1)));
	saw("mremap", outcome(moved));
	if (!failed(moved))
		saw("um", vm_flag(moved, "um"));
}

PROBE(userfaultfd__register__grown)
{
	int fd = userfault_given(0);
	char *at = anon(2, 'k');

	uffd_register(fd, at, pages(2), 1);
	saw("mremap", outcome(call(mremap, at, pages(2), pages(4), 0)));
	saw("um", vm_flag(at + pages(3), "um"));
	saw("pages", mapping_pages(at));
}
