#include "probe.h"

#ifndef PKEY_DISABLE_ACCESS
#define PKEY_DISABLE_ACCESS 1 /* asm-generic/mman-common.h */
#define PKEY_DISABLE_WRITE 2
#endif

/* A key with these rights denied, or -1 after saying what the call answered. */
static int key(unsigned rights)
{
	int got = (int)call(pkey_alloc, 0, rights);

	saw("alloc", outcome(got));
	return failed(got) ? -1 : got;
}

PROBE(pkey_alloc__allocate_key__arguments)
{
	saw("flags", outcome(call(pkey_alloc, 1, 0)));
	saw("rights_disable_access", outcome(call(pkey_alloc, 0, PKEY_DISABLE_ACCESS)));
	saw("rights_4", outcome(call(pkey_alloc, 0, 4)));
	saw("rights_8", outcome(call(pkey_alloc, 0, 8)));
	saw("rights_16", outcome(call(pkey_alloc, 0, 16)));
	saw("rights_all", outcome(call(pkey_alloc, 0, ~0UL)));
}

PROBE(pkey_alloc__allocate_key__how_many)
{
	int got = 0;
	long last = 0;

	while (got < 64 && !failed(last = call(pkey_alloc, 0, 0)))
		got++;
	saw("keys", (long)got);
	saw("then", outcome(last));
}

PROBE(pkey_alloc__allocate_key__first_is_not_zero)
{
	int got = key(0);

	if (got > 0)
		saw("number", (long)got);
}

PROBE(pkey_alloc__allocate_key__fork_keeps)
{
	int got = key(0);
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	in_child
		saw("child", outcome(call(pkey_mprotect, at, pages(1), RW, got)));
}

PROBE(pkey_free__free_key__again)
{
	int got = key(0);

	saw("never_allocated", outcome(call(pkey_free, 9)));
	saw("negative", outcome(call(pkey_free, -1)));
	saw("too_high", outcome(call(pkey_free, 100)));
	if (got < 0)
		return;
	saw("free", outcome(call(pkey_free, got)));
	saw("again", outcome(call(pkey_free, got)));
	saw("same_number", yes(call(pkey_alloc, 0, 0) == got));
}

PROBE(pkey_free__free_key__zero)
{
	saw("free", outcome(call(pkey_free, 0)));
}

PROBE(pkey_free__free_key__in_use)
{
	int got = key(0);
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	call(pkey_mprotect, at, pages(1), RW, got);
	saw("free", outcome(call(pkey_free, got)));
	saw("key", smaps_pages(at, "ProtectionKey") >= 0 ? "shown" : "not shown");
	saw("content", peek(at));
}

PROBE(pkey_mprotect__change_key__without_a_key)
{
	char *at = anon(2, 'k');

	saw("minus_one", outcome(call(pkey_mprotect, at, pages(1), PROT_READ, -1)));
	saw("protection", protection(at));
	saw("zero", outcome(call(pkey_mprotect, at, pages(1), RW, 0)));
	saw("never_allocated", outcome(call(pkey_mprotect, at, pages(1), RW, 9)));
	saw("too_high", outcome(call(pkey_mprotect, at, pages(1), RW, 100)));
	saw("minus_two", outcome(call(pkey_mprotect, at, pages(1), RW, -2)));
	saw("grows_down_and_up",
		outcome(call(pkey_mprotect, at, pages(1), PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP, -1)));
}

PROBE(pkey_mprotect__change_key__access_denied)
{
	int got = key(PKEY_DISABLE_ACCESS);
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	saw("mprotect", outcome(call(pkey_mprotect, at, pages(1), RW, got)));
	saw("protection", protection(at));
	in_child
		saw("read", peek(at));
	in_child
		saw("write", poke(at, 'w'));
}

PROBE(pkey_mprotect__change_key__write_denied)
{
	int got = key(PKEY_DISABLE_WRITE);
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	saw("mprotect", outcome(call(pkey_mprotect, at, pages(1), RW, got)));
	saw("read", peek(at));
	in_child
		saw("write", poke(at, 'w'));
	saw("into_by_read", outcome(call(pread64, scratch_file(1, 'f'), at, 1, 0LL)));
}

PROBE(pkey_mprotect__change_key__kernel_obeys)
{
	int got = key(PKEY_DISABLE_ACCESS), fd = scratch_file(1, 'f');
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	call(pkey_mprotect, at, pages(1), RW, got);
	saw("from_by_write", outcome(call(pwrite64, fd, at, 1, 0LL)));
	saw("madvise_populate", outcome(call(madvise, at, pages(1), MADV_POPULATE_READ)));
	saw("mlock", outcome(call(mlock, at, pages(1))));
}

PROBE(pkey_mprotect__change_key__mprotect_keeps_it)
{
	int got = key(PKEY_DISABLE_ACCESS);
	char *at = anon(1, 'k');

	if (got < 0)
		return;
	call(pkey_mprotect, at, pages(1), RW, got);
	saw("mprotect", outcome(call(mprotect, at, pages(1), PROT_READ)));
	in_child
		saw("still_denied", peek(at));
	saw("back_to_zero", outcome(call(pkey_mprotect, at, pages(1), RW, 0)));
	saw("read", peek(at));
}

PROBE(pkey_mprotect__change_key__execute_only)
{
	char *at = anon(1, 0);

	put_code(at);
	saw("mprotect", outcome(call(mprotect, at, pages(1), PROT_EXEC)));
	saw("protection", protection(at));
	saw("run", execute(at));
	in_child
		saw("read", strncmp(peek(at), "SIGSEGV", 7) == 0 ? peek(at) : "readable");
}

PROBE(pkey_mprotect__change_key__splits)
{
	int got = key(0);
	char *at = anon(3, 'k');

	if (got < 0)
		return;
	saw("mprotect", outcome(call(pkey_mprotect, at + pages(1), pages(1), RW, got)));
	saw("pieces", mapping_pages(at + pages(1)));
	saw("back", outcome(call(pkey_mprotect, at + pages(1), pages(1), RW, 0)));
	saw("merged", mapping_pages(at));
}
