#include "place.h"
#include "settle.h"

/* One character per page: '1' in core, '0' not, '?' other bits. */
static const char *in_core(const void *at, long n)
{
	static unsigned char vector[16];
	static char text[17];
	long result = call(mincore, at, pages(n), vector);

	if (failed(result))
		return outcome(result);
	for (long i = 0; i < n; i++)
		text[i] = vector[i] == 0 ? '0' : vector[i] == 1 ? '1' : '?';
	text[n] = '\0';
	note("in core: %s", text);
	return textf("pages_%s", text);
}

PROBE(mincore__is_mapping_in_core__anonymous)
{
	char *at = anon(3, 0);

	poke(at + pages(1), 'k');
	saw("in_core", in_core(at, 3));
}

PROBE(mincore__is_mapping_in_core__zero_page)
{
	char *at = anon(2, 0);

	peek(at);
	saw("in_core", in_core(at, 2));
}

/* The remark: the page cache shows through a mapping that nobody touched. */
PROBE(mincore__is_mapping_in_core__page_cache_of_a_file)
{
	int fd = ext4_file(3, 'a');
	char *at, byte;

	drain();
	drop_caches();
	at = mapped(fd, 3, PROT_READ, MAP_SHARED);
	saw("dropped", in_core(at, 3));
	for (int i = 0; i < 3; i++)
		call(pread64, fd, &byte, 1, (long long)pages(i));
	saw("read", in_core(at, 3));
	saw("populated", populated(at, 3));
}

PROBE(mincore__is_mapping_in_core__private_file)
{
	char *at = mapped(scratch_file(2, 'a'), 2, RW, MAP_PRIVATE);

	saw("untouched", in_core(at, 2));
	poke(at, 'w');
	saw("written", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__hole_of_a_file)
{
	char *at = mapped(scratch_file(2, 0), 2, RW, MAP_SHARED);

	saw("before", in_core(at, 2));
	poke(at, 'w');
	saw("after", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__shared_anonymous)
{
	char *at = shared_anon(2, 0);

	in_child
		poke(at + pages(1), 'c');
	saw("in_core", in_core(at, 2));
	saw("populated", populated(at, 2));
}

PROBE(mincore__is_mapping_in_core__beyond_the_file)
{
	char *at = mapped(scratch_file(1, 'a'), 3, PROT_READ, MAP_SHARED);

	saw("in_core", in_core(at, 3));
}

PROBE(mincore__is_mapping_in_core__no_access)
{
	char *at = anon(2, 'k');

	call(mprotect, at, pages(2), PROT_NONE);
	saw("in_core", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__hugetlb)
{
	char *at = huge(2, 0, MAP_PRIVATE);

	poke(at, 'k');
	saw("touched", in_core(at, 2));
	saw("untouched", in_core(at + huge_size(), 2));
}

PROBE(mincore__is_mapping_in_core__dax)
{
	char *at = mapped(dax_file(2, 'd'), 2, PROT_READ, MAP_SHARED);

	saw("untouched", in_core(at, 2));
	contents(at, 2);
	saw("touched", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__swapped_out)
{
	char *at = anon(2, 'k');

	saw("swapon", outcome(call(swapon, swap_device("/dev/zram0", 64), 0)));
	drain();
	call(madvise, at, pages(2), MADV_PAGEOUT);
	saw("swapped", swapped(at, 2));
	saw("in_core", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__kernels_own_mapping)
{
	char *at = mapping_named("[vvar]"), *vdso = mapping_named("[vdso]");

	if (!at || !vdso)
		broken("no [vvar] or [vdso]");
	saw("vvar", in_core(at, 1));
	saw("vdso", in_core(vdso, 1));
}

/* Who may not write to the file learns nothing of its pages. */
static void as_user(bool writable)
{
	int fd = ext4_file(2, 'a');
	char *at;

	drain();
	drop_caches();
	if (!writable)
		reopen(fd, O_RDONLY);
	at = mapped(fd, 2, PROT_READ, MAP_SHARED);
	saw("as_root", in_core(at, 2));
	become_user();
	saw("as_user", in_core(at, 2));
}

PROBE(mincore__is_mapping_in_core__file_of_another)
{
	as_user(false);
}

PROBE(mincore__is_mapping_in_core__file_of_another_open_for_writing)
{
	as_user(true);
}

PROBE(mincore__is_mapping_in_core__droppable)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	poke(at, 'k');
	saw("in_core", in_core(at, 2));
}

PROBE(mincore__arguments__refusals)
{
	char *at = anon(2, 'k'), *unmapped = space(1);
	unsigned char vector[4] = {7, 7, 7, 7};

	saw("unaligned", outcome(call(mincore, at + 1, pages(1), vector)));
	saw("unmapped", outcome(call(mincore, unmapped, pages(1), vector)));
	saw("negative_length", outcome(call(mincore, at, -pages(1), vector)));
	saw("bad_vector", outcome(call(mincore, at, pages(2), unmapped)));
	saw("no_vector", outcome(call(mincore, at, pages(2), NULL)));
	saw("length_zero", outcome(call(mincore, at, 0, vector)));
	saw("length_zero_unmapped", outcome(call(mincore, unmapped, 0, NULL)));
	saw("vector_untouched", vector[0]);
}

PROBE(mincore__arguments__hole)
{
	char *at = anon(3, 'k');
	unsigned char vector[3] = {7, 7, 7};

	call(munmap, at + pages(1), pages(1));
	saw("mincore", outcome(call(mincore, at, pages(3), vector)));
	saw("first", vector[0]);
	saw("last", vector[2]);
}

PROBE(mincore__arguments__length_is_rounded_up)
{
	char *at = anon(3, 'k');
	unsigned char vector[3] = {7, 7, 7};

	saw("mincore", outcome(call(mincore, at, page_size + 1, vector)));
	saw("first", vector[0]);
	saw("second", vector[1]);
	saw("third", vector[2]);
}
