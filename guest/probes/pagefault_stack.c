#include <linux/resource.h>
#include "probe.h"

enum { GROWS = MAP_PRIVATE | MAP_GROWSDOWN };

/* A mapping of one page that grows down; `below` pages under it belong to the probe and are free. */
static char *stack_above(long below)
{
	char *low = space(below + 1), *at = low + pages(below);
	long got = call(mmap, at, pages(1), RW, GROWS | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (failed(got))
		broken("mmap MAP_GROWSDOWN: %s", outcome(got));
	poke(at, 's');
	return at;
}

static void map_at(char *at, int prot)
{
	if (failed(call(mmap, at, pages(1), prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)))
		broken("mmap");
}

PROBE(pagefault__stack_growth__page_below)
{
	char *at = stack_above(64);

	saw("touch", poke(at - pages(1), 'g'));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth__far_below)
{
	char *at = stack_above(64);

	saw("touch", poke(at - pages(32), 'g'));
	saw("pages", mapping_pages(at));
	saw("populated", populated(at - pages(31), 31));
}

PROBE(pagefault__stack_growth__main_stack)
{
	volatile char here = 0;

	saw("touch", poke(&here - (1 << 20), 'g'));
}

PROBE(pagefault__stack_growth__stack_limit)
{
	char *at = stack_above(64);

	set_limit(RLIMIT_STACK, pages(16));
	saw("within", poke(at - pages(15), 'g'));
	saw("pages", mapping_pages(at));
	saw("beyond", poke(at - pages(16), 'g'));
}

PROBE(pagefault__stack_growth__address_space_limit)
{
	char *at = stack_above(64);

	set_limit(RLIMIT_AS, pages(16));
	saw("touch", poke(at - pages(1), 'g'));
}

PROBE(pagefault__stack_growth__locked_limit)
{
	char *at = stack_above(64);

	drop_capability(14 /* CAP_IPC_LOCK */);
	set_limit(RLIMIT_MEMLOCK, pages(4));
	saw("mlock", outcome(call(mlock, at, pages(1))));
	saw("within", poke(at - pages(3), 'g'));
	saw("within_populated", populated(at - pages(3), 4));
	saw("beyond", poke(at - pages(4), 'g'));
}

PROBE(pagefault__stack_growth__read_only)
{
	char *at = stack_above(64), *fixed = stack_above(64);

	saw("read", peek(at - pages(1)));
	saw("read_pages", mapping_pages(at));
	call(mprotect, fixed, pages(1), PROT_READ);
	saw("write", poke(fixed - pages(1), 'w'));
	saw("pages", mapping_pages(fixed));
}

PROBE(pagefault__stack_growth__sealed)
{
	char *at = stack_above(64);
	long sealed = call(mseal, at, pages(1), 0);

	saw("mseal", outcome(sealed));
	if (failed(sealed))
		return;
	saw("touch", poke(at - pages(1), 'g'));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__system_call_buffer)
{
	char *at = stack_above(64);
	int fd = scratch_file(1, 'a');

	saw("read", outcome(call(pread64, fd, at - pages(1), 16, 0LL)));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__process_vm_writev)
{
	char *at = stack_above(64), *from = anon(1, 'f');
	struct {
		void *base;
		size_t length;
	} local = {from, 16}, remote = {at - pages(1), 16};

	saw("written", outcome(call(process_vm_writev, call(getpid), &local, 1, &remote, 1, 0)));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__proc_mem)
{
	char *at = stack_above(64), *to = anon(1, 't');
	int fd = (int)call(openat, -100 /* AT_FDCWD */, "/proc/self/mem", O_RDWR, 0);

	saw("read", outcome(call(pread64, fd, to, 16, (long long)(uintptr_t)(at - pages(1)))));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__vmsplice)
{
	char *at = stack_above(64);
	int ends[2];
	struct {
		void *base;
		size_t length;
	} piece = {at - pages(1), 16};

	call(pipe2, ends, 0);
	saw("splice", outcome(call(vmsplice, ends[1], &piece, 1, 0)));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__madvise_populate)
{
	char *at = stack_above(64);

	saw("madvise", outcome(call(madvise, at - pages(1), pages(1), MADV_POPULATE_WRITE)));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__mlock)
{
	char *at = stack_above(64);

	saw("mlock", outcome(call(mlock, at - pages(1), pages(1))));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__stack_growth_by_kernel__mprotect_growsdown)
{
	char *at = stack_above(64);

	saw("mprotect", outcome(call(mprotect, at - pages(1), pages(1), RW | PROT_GROWSDOWN)));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__guard_gap__neighbour)
{
	char *at = stack_above(300);

	map_at(at - pages(300), RW);
	saw("up_to_gap", poke(at - pages(300 - 257), 'g'));
	saw("into_gap", poke(at - pages(300 - 256), 'g'));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__guard_gap__inaccessible_neighbour)
{
	char *at = stack_above(300);

	map_at(at - pages(300), PROT_NONE);
	saw("touch", poke(at - pages(299), 'g'));
	saw("pages", mapping_pages(at));
}

PROBE(pagefault__guard_gap__growing_neighbour)
{
	char *at = stack_above(300);

	call(mmap, at - pages(300), pages(1), RW, GROWS | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("touch", poke(at - pages(299), 'g'));
}

PROBE(pagefault__guard_gap__placement)
{
	char *at = stack_above(300), *hint = at - pages(100), *got;

	got = address(call(mmap, hint, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	saw("hint_taken", yes(got == hint));
	saw("fixed", outcome(call(mmap, hint, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
	saw("noreplace", outcome(call(mmap, at - pages(50), pages(1), RW,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
}

PROBE(pagefault__guard_gap__already_closer)
{
	char *at = stack_above(64);

	map_at(at - pages(2), RW);
	saw("touch", poke(at - pages(1), 'g'));
}
