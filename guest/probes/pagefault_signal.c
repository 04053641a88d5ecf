#include "probe.h"

enum { RAWIO = 17 /* CAP_SYS_RAWIO */ };

/* What a system call makes of a buffer: how many bytes a pipe takes from it, or gives to it. */
static const char *written_from(const char *at, size_t length)
{
	int ends[2];
	long result;

	if (failed(call(pipe2, ends, O_NONBLOCK)))
		broken("pipe2");
	result = call(write, ends[1], at, length);
	return failed(result) ? outcome(result) : result == (long)length ? "all" : textf("%ld", result);
}

static const char *read_into(char *at, size_t length)
{
	static char *from;
	int ends[2];
	long result;

	if (!from)
		from = anon(2, 'f');
	if (failed(call(pipe2, ends, O_NONBLOCK)))
		broken("pipe2");
	call(write, ends[1], from, length);
	result = call(read, ends[0], at, length);
	return failed(result) ? outcome(result) : result == (long)length ? "all" : textf("%ld", result);
}

static char *tagged(const char *at, unsigned tag)
{
	return (char *)((uintptr_t)at | (uintptr_t)tag << (8 * sizeof(at) - 8));
}

static char *lowest(void)
{
	return (char *)proc_number("/proc/sys/vm/mmap_min_addr", "");
}

PROBE(pagefault__nothing_mapped__kinds)
{
	char *free = space(1), *gone = anon(1, 'k');

	saw("read", peek(free));
	saw("write", poke(free, 'w'));
	saw("execute", execute(free));
	saw("null", peek(NULL));
	call(munmap, gone, pages(1));
	saw("unmapped", peek(gone));
}

PROBE(pagefault__nothing_mapped__in_a_call)
{
	char *free = space(1), *last = anon(2, 'k');

	saw("write", written_from(free, 8));
	saw("read", read_into(free, 8));
	call(munmap, last + pages(1), pages(1));
	saw("across", written_from(last + page_size - 8, 16));
	saw("across_read", read_into(last + page_size - 8, 16));
}

PROBE(pagefault__no_permission__kinds)
{
	char *read_only = anon_with(1, 0, PROT_READ, MAP_PRIVATE), *none = anon_with(1, 0, PROT_NONE, MAP_PRIVATE);
	char *data = anon(1, 'k');

	saw("write", poke(read_only, 'w'));
	saw("none_read", peek(none));
	saw("none_write", poke(none, 'w'));
	saw("none_execute", execute(none));
	put_code(data);
	saw("execute", execute(data));
}

PROBE(pagefault__no_permission__file_beyond_end)
{
	char *at = mapped(scratch_file(1, 'a'), 2, PROT_READ, MAP_SHARED);

	saw("write", poke(at + pages(1), 'w'));
	saw("read", peek(at + pages(1)));
}

PROBE(pagefault__no_permission__in_a_call)
{
	char *read_only = anon_with(1, 0, PROT_READ, MAP_PRIVATE), *none = anon_with(1, 0, PROT_NONE, MAP_PRIVATE);

	saw("into_read_only", read_into(read_only, 8));
	saw("from_none", written_from(none, 8));
	saw("from_read_only", written_from(read_only, 8));
}

PROBE(pagefault__no_permission__write_only)
{
	char *at = anon(1, 'k');

	saw("mprotect", outcome(call(mprotect, at, pages(1), PROT_WRITE)));
	saw("protection", protection(at));
	saw("write", poke(at, 'k'));
	saw("read", peek(at));
	saw("execute", execute(at));
}

PROBE(pagefault__no_permission__read_implies_exec)
{
	char *at;

	call(personality, 0x0400000 | 0x0040000 /* READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE */);
	at = anon(1, 'k');
	saw("protection", protection(at));
	put_code(at);
	saw("run", execute(at));
}

PROBE(pagefault__execute_only__anonymous)
{
	char *at = anon(1, 'k');

	put_code(at);
	saw("mprotect", outcome(call(mprotect, at, pages(1), PROT_EXEC)));
	saw("protection", protection(at));
	saw("run", execute(at));
	saw("read", peek(at));
	saw("call", written_from(at, 4));
	saw("key", proc_number("/proc/self/smaps", "ProtectionKey:") < 0 ? "none" : "there");
}

PROBE(pagefault__execute_only__mapped_so)
{
	char *at = anon_with(1, 0, PROT_EXEC, MAP_PRIVATE);

	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}

PROBE(pagefault__beyond_user_space__kernel_half)
{
	char *kernel = (char *)(~0UL << (sizeof(long) == 8 ? 40 : 30));

	saw("read", peek(kernel));
	saw("write", poke(kernel, 'w'));
	saw("last_byte", peek((char *)~0UL));
	saw("call", written_from(kernel, 8));
}

PROBE(pagefault__beyond_user_space__non_canonical)
{
	char *nowhere = (char *)(1UL << (8 * sizeof(long) - 4));

	saw("read", peek(nowhere));
	saw("write", poke(nowhere, 'w'));
	saw("execute", execute(nowhere));
	saw("call", written_from(nowhere, 8));
	saw("call_read", read_into(nowhere, 8));
}

PROBE(pagefault__beyond_user_space__behind_the_last_page)
{
	static const int bits[] = {47, 48};
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	for (int i = 0; i < 2; i++) {
		char *end = (char *)(1ULL << bits[i]);

		saw(textf("mmap_%d", bits[i]), outcome(call(mmap, end, pages(1), RW, flags, -1, 0)));
		saw(textf("below_%d", bits[i]), outcome(call(mmap, end - pages(1), pages(1), RW, flags, -1, 0)));
		saw(textf("two_below_%d", bits[i]), outcome(call(mmap, end - pages(2), pages(1), RW, flags, -1, 0)));
	}
}

PROBE(pagefault__beyond_user_space__vsyscall)
{
	saw("read", peek((char *)-10485760L));
	saw("maps", file_has("/proc/self/maps", "[vsyscall]"));
}

PROBE(pagefault__tagged_pointer__touch)
{
	char *at = anon(1, 'k');

	saw("read", peek(tagged(at, 0x2a)));
	saw("write", poke(tagged(at, 0x2a), 'w'));
	saw("unmapped", peek(tagged(space(1), 0x2a)));
}

PROBE(pagefault__tagged_pointer__in_a_call)
{
	char *at = anon(1, 'k');
	long set;

	saw("before", written_from(tagged(at, 0x2a), 8));
	saw("madvise_before", outcome(call(madvise, tagged(at, 0x2a), pages(1), MADV_WILLNEED)));
	set = call(prctl, 55 /* PR_SET_TAGGED_ADDR_CTRL */, 1L, 0L, 0L, 0L);
	saw("prctl", outcome(set));
	if (failed(set))
		return;
	saw("after", written_from(tagged(at, 0x2a), 8));
	saw("madvise", outcome(call(madvise, tagged(at, 0x2a), pages(1), MADV_WILLNEED)));
	saw("mprotect", outcome(call(mprotect, tagged(at, 0x2a), pages(1), PROT_READ)));
	saw("munmap", outcome(call(munmap, tagged(at, 0x2a), pages(1))));
}

PROBE(pagefault__tagged_pointer__never_for_new_places)
{
	char *at = tagged(space(1), 0x2a), *old = anon(1, 'k');

	call(prctl, 55 /* PR_SET_TAGGED_ADDR_CTRL */, 1L, 0L, 0L, 0L);
	saw("mmap", outcome(call(mmap, at, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
	saw("mremap_new", outcome(call(mremap, old, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, at)));
	saw("mremap_old", outcome(call(mremap, tagged(old, 0x2a), pages(1), pages(1), 0, NOWHERE)));
}

PROBE(pagefault__lowest_addresses__default)
{
	saw("limit", file_word("/proc/sys/vm/mmap_min_addr"));
}

PROBE(pagefault__lowest_addresses__page_zero)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	long at = call(mmap, NOWHERE, pages(1), RW, flags, -1, 0);

	saw("root", outcome(at));
	if (!failed(at)) {
		poke(NULL, 'n');
		saw("read", peek(NULL));
	}
	drop_capability(RAWIO);
	saw("dropped", outcome(call(mmap, NOWHERE, pages(1), RW, flags, -1, 0)));
	saw("highest_below", outcome(call(mmap, lowest() - pages(1), pages(1), RW, flags, -1, 0)));
	saw("limit", outcome(call(mmap, lowest(), pages(1), RW, flags, -1, 0)));
}

PROBE(pagefault__lowest_addresses__hint_below)
{
	char *at;

	drop_capability(RAWIO);
	at = address(call(mmap, (char *)pages(1), pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	saw("mmap", outcome(at));
	saw("moved", yes(at >= lowest()));
	saw("to_the_limit", yes(at == lowest()));
}

PROBE(pagefault__lowest_addresses__no_replace)
{
	drop_capability(RAWIO);
	saw("mmap", outcome(call(mmap, lowest() - pages(1), pages(1), RW,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
}
