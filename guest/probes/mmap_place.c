/* mmap: where a mapping comes to stand, and when it becomes one with its neighbour. */
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS, MIB_2 = 2 << 20 };

static const char *place(const char *got, const char *hint)
{
	return failed(got) ? outcome(got) : got == hint ? "hint" : "elsewhere";
}

PROBE(mmap__choose_address__hint_taken_where_free)
{
	char *hint = space(2);

	saw("at", place(address(call(mmap, hint, pages(2), RW, ANONYMOUS, -1, 0)), hint));
}

PROBE(mmap__choose_address__hint_occupied)
{
	char *old = anon(2, 'k'), *at = address(call(mmap, old, pages(2), RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	saw("at", place(at, old));
	saw("old", contents(old, 2));
}

PROBE(mmap__choose_address__hint_unaligned)
{
	char *hint = space(4), *at = address(call(mmap, hint + 100, pages(1), RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	saw("at", at == hint ? "page" : at == hint + pages(1) ? "next_page" : "elsewhere");
}

PROBE(mmap__choose_address__hint_below_mmap_min_addr)
{
	unsigned long lowest = (unsigned long)proc_number("/proc/sys/vm/mmap_min_addr", "");
	char *at = address(call(mmap, 16, pages(1), RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	saw("above", yes((unsigned long)at >= lowest));
}

PROBE(mmap__choose_address__never_null)
{
	char *first = address(call(mmap, NOWHERE, pages(1), RW, ANONYMOUS, -1, 0));
	char *second = address(call(mmap, NOWHERE, pages(1), RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(second));
	saw("null", yes(!first || !second));
	fill(first, 1, 'k');
	fill(second, 1, 'k');
	saw("first", peek(first));
	saw("second", peek(second));
}

PROBE(mmap__choose_address__fixed_null)
{
	char *at = address(call(mmap, NULL, pages(1), RW, ANONYMOUS | MAP_FIXED, -1, 0));

	saw("mmap", outcome(at));
	saw("read", peek(NULL));
}

PROBE(mmap__choose_address__fixed_null_as_user)
{
	become_user();
	saw("mmap", outcome(call(mmap, NULL, pages(1), RW, ANONYMOUS | MAP_FIXED, -1, 0)));
}

PROBE(mmap__choose_address__top_down)
{
	char *first = address(call(mmap, NOWHERE, pages(64), PROT_NONE, ANONYMOUS, -1, 0));
	char *second = address(call(mmap, NOWHERE, pages(64), PROT_NONE, ANONYMOUS, -1, 0));

	saw("second", second < first ? "below" : "above");
}

/* How many of four mappings stand at a multiple of 2 MiB; a page between them keeps luck out. */
static int aligned(size_t length, int flags, int fd)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		unsigned long at;

		call(mmap, NOWHERE, pages(1), PROT_NONE, ANONYMOUS, -1, 0);
		at = (unsigned long)call(mmap, NOWHERE, length, PROT_READ, flags, fd, 0);
		n += at % MIB_2 == 0;
	}
	return n;
}

PROBE(mmap__choose_address__huge_length_aligned)
{
	saw("aligned", aligned(2 * MIB_2, ANONYMOUS, -1));
}

PROBE(mmap__choose_address__odd_length_aligned)
{
	saw("aligned", aligned(2 * MIB_2 + 0x30000, ANONYMOUS, -1));
}

PROBE(mmap__choose_address__huge_file_aligned)
{
	int fd = scratch_file(2 * MIB_2 / (long)page_size, 0);

	saw("aligned", aligned(2 * MIB_2, MAP_SHARED, fd));
}

PROBE(mmap__choose_address__huge_ext4_aligned)
{
	int fd = ext4_file(2 * MIB_2 / (long)page_size, 0);

	saw("aligned", aligned(2 * MIB_2, MAP_PRIVATE, fd));
}

PROBE(mmap__choose_address__below_2g)
{
	unsigned long at = (unsigned long)call(mmap, NOWHERE, pages(1), RW, ANONYMOUS | BIT_OF_MAP_32BIT, -1, 0);

	saw("mmap", outcome(at));
	saw("low", yes(at < 1UL << 31));
}

PROBE(mmap__choose_address__below_2g_hint)
{
	char *hint = space(1);

	saw("at", place(address(call(mmap, hint, pages(1), RW, ANONYMOUS | BIT_OF_MAP_32BIT, -1, 0)), hint));
}

PROBE(mmap__choose_address__below_2g_fixed)
{
	char *at = space(1);

	saw("at", place(address(call(mmap, at, pages(1), RW, ANONYMOUS | BIT_OF_MAP_32BIT | MAP_FIXED, -1, 0)), at));
}

PROBE(mmap__choose_address__beyond_address_space)
{
	saw("mmap", outcome(call(mmap, -pages(16), pages(1), RW, ANONYMOUS, -1, 0)));
}

PROBE(mmap__choose_address__merged_with_neighbour)
{
	char *at = space(4);

	call(mmap, at, pages(2), RW, ANONYMOUS, -1, 0);
	call(mmap, at + pages(2), pages(2), RW, ANONYMOUS, -1, 0);
	saw("pages", mapping_pages(at));
}

PROBE(mmap__choose_address__merged_between_two)
{
	char *at = space(6);

	call(mmap, at, pages(2), RW, ANONYMOUS, -1, 0);
	call(mmap, at + pages(4), pages(2), RW, ANONYMOUS, -1, 0);
	call(mmap, at + pages(2), pages(2), RW, ANONYMOUS, -1, 0);
	saw("pages", mapping_pages(at));
}

PROBE(mmap__choose_address__merged_unless_different)
{
	char *at = space(4);

	call(mmap, at, pages(2), RW, ANONYMOUS, -1, 0);
	call(mmap, at + pages(2), pages(2), PROT_READ, ANONYMOUS, -1, 0);
	saw("pages", mapping_pages(at));
}

PROBE(mmap__choose_address__merged_file)
{
	int fd = scratch_file(4, 'a');
	char *at = space(4);

	call(mmap, at, pages(2), RW, MAP_SHARED, fd, 0);
	call(mmap, at + pages(2), pages(2), RW, MAP_SHARED, fd, pages(2));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__choose_address__merged_file_other_offset)
{
	int fd = scratch_file(4, 'a');
	char *at = space(4);

	call(mmap, at, pages(2), RW, MAP_SHARED, fd, 0);
	call(mmap, at + pages(2), pages(2), RW, MAP_SHARED, fd, 0);
	saw("pages", mapping_pages(at));
}
