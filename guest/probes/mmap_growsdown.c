/* mmap: MAP_GROWSDOWN. */
#include <linux/resource.h>
#include <linux/uio.h>
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

/* A growing mapping of two pages with `below` free pages under it. */
static char *growing(long below, int flags)
{
	char *at = space(below + 2) + pages(below);

	at = address(call(mmap, at, pages(2), RW, ANONYMOUS | MAP_GROWSDOWN | flags, -1, 0));
	if (failed(at))
		broken("a growing mapping: %s", outcome(at));
	return at;
}

PROBE(mmap__growsdown_on_fault__touched_below)
{
	char *at = growing(600, 0);

	saw("mmap", outcome(at));
	saw("flag", vm_flag(at, "gd"));
	fill(at, 2, 'k');
	saw("read", peek(at - pages(1)));
	saw("pages", mapping_pages(at));
	saw("old", contents(at, 2));
}

PROBE(mmap__growsdown_on_fault__written_below)
{
	char *at = growing(600, 0);

	saw("write", poke(at - 1, 'w'));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__far_below)
{
	char *at = growing(600, 0);

	saw("read", peek(at - pages(40)));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__again_and_again)
{
	char *at = growing(600, 0);

	for (int n = 1; n <= 8; n++)
		poke(at - pages(n), 'w');
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__without_flag)
{
	char *at = anon(2, 0);

	saw("read", peek(at - pages(1)));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__above)
{
	char *at = growing(600, 0);

	saw("read", peek(at + pages(2)));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__address_returned)
{
	char *at = growing(600, 0);

	saw("there", protection(at));
	saw("page_above", protection(at + pages(1)));
}

/* How a touch ends that leaves `gap` pages to a mapping below. */
static const char *touch_leaving(long gap, int prot)
{
	char *at = growing(600, 0), *lower = at - pages(500);

	call(mmap, lower, pages(1), prot, ANONYMOUS | MAP_FIXED, -1, 0);
	return poke(lower + pages(1 + gap), 'w');
}

PROBE(mmap__growsdown_on_fault__guard_gap)
{
	saw("gap_256", touch_leaving(256, RW));
	saw("gap_255", touch_leaving(255, RW));
	saw("gap_2", touch_leaving(2, RW));
}

PROBE(mmap__growsdown_on_fault__guard_gap_of_prot_none)
{
	saw("adjacent", touch_leaving(0, PROT_NONE));
}

PROBE(mmap__growsdown_on_fault__stack_limit)
{
	char *at = growing(600, 0);

	set_limit(RLIMIT_STACK, pages(20));
	saw("within", poke(at - pages(10), 'w'));
	saw("beyond", poke(at - pages(30), 'w'));
}

PROBE(mmap__growsdown_on_fault__locked)
{
	char *at = growing(600, MAP_LOCKED);

	poke(at - pages(4), 'w');
	saw("flag", vm_flag(at, "lo"));
	saw("populated", populated(at - pages(4), 4));
}

PROBE(mmap__growsdown_on_fault__locked_beyond_limit)
{
	char *at = growing(600, MAP_LOCKED);

	set_limit(RLIMIT_MEMLOCK, pages(2));
	become_user();
	saw("read", peek(at - pages(4)));
}

PROBE(mmap__growsdown_on_fault__grown_in_child)
{
	char *at = growing(600, 0);

	in_child {
		poke(at - pages(1), 'w');
		saw("child", mapping_pages(at));
	}
	saw("parent", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__by_system_call)
{
	char *at = growing(600, 0);

	saw("read", outcome(call(pread64, scratch_file(1, 'a'), at - pages(1), 16, 0)));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__by_process_vm_writev)
{
	char *at = growing(600, 0);
	struct iovec from = {anon(1, 'f'), 16}, to = {at - pages(1), 16};

	saw("call", outcome(call(process_vm_writev, call(getpid), &from, 1, &to, 1, 0)));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__by_proc_mem)
{
	char *at = growing(600, 0);
	long fd = call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);

	saw("call", outcome(call(pwrite64, fd, "w", 1, (long long)(uintptr_t)(at - 1))));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__growsdown_on_fault__by_mlock)
{
	char *at = growing(600, 0);

	saw("call", outcome(call(mlock, at - pages(1), pages(1))));
	saw("pages", mapping_pages(at));
}

static void see_growing_map(int flags, int fd)
{
	saw("mmap", outcome(call(mmap, space(2), pages(2), RW, flags | MAP_GROWSDOWN, fd, 0)));
}

PROBE(mmap__growsdown_on_fault__shared_anonymous)
{
	see_growing_map(MAP_SHARED | MAP_ANONYMOUS, -1);
}

PROBE(mmap__growsdown_on_fault__file_private)
{
	see_growing_map(MAP_PRIVATE, scratch_file(2, 'a'));
}

PROBE(mmap__growsdown_on_fault__file_shared)
{
	see_growing_map(MAP_SHARED, scratch_file(2, 'a'));
}

PROBE(mmap__growsdown_on_fault__hugetlb)
{
	int flags = ANONYMOUS | MAP_HUGETLB | MAP_GROWSDOWN;

	saw("mmap", outcome(call(mmap, NOWHERE, huge_size(), RW, flags, -1, 0)));
}

PROBE(mmap__growsdown_on_fault__partly_unmapped)
{
	char *at = growing(600, 0);

	call(munmap, at, pages(1));
	saw("read", peek(at));
	saw("pages", mapping_pages(at));
}
