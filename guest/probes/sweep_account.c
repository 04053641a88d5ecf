/* What is counted differently after each operation on each kind of mapping, in pages: status and smaps. */
#include <sys/resource.h>
#include "operate.h"
#include "settle.h"

static const char *touch(struct ground *ground, long letter)
{
	struct rusage before, after;
	const char *seen = "ok";
	long result = call(getrusage, RUSAGE_SELF, &before);

	for (int i = 0; i < UNITS && strcmp(seen, "ok") == 0; i++) {
		char *at = ground->at + (size_t)i * ground->unit;

		seen = letter ? poke(at, (char)letter) : peek(at);
		if (!letter && strncmp(seen, "SIG", 3) != 0)
			seen = "ok";
	}
	result += call(getrusage, RUSAGE_SELF, &after);
	return result ? "?" : textf("%s, %ld faults", seen, after.ru_minflt - before.ru_minflt);
}

static const char *advise(struct ground *ground, long advice)
{
	const char *seen;

	drain();
	seen = do_madvise(ground, advice);
	drain();
	return seen;
}

static const char *resize(struct ground *ground, long units)
{
	long result = call(mremap, ground->at, UNITS * ground->unit, (size_t)units * ground->unit, MREMAP_MAYMOVE);

	if (!failed(result) && address(result) != ground->at) {
		ground->moved = address(result);
		ground->moved_bytes = (size_t)units * ground->unit;
	}
	return outcome(result);
}

static const char *move(struct ground *ground, long flags)
{
	char *to = another_place(ground, UNITS);
	size_t old = flags ? UNITS * ground->unit : 0;
	long result = call(mremap, ground->at, old, UNITS * ground->unit, flags | MREMAP_MAYMOVE, to);

	if (!failed(result)) {
		ground->moved = address(result);
		ground->moved_bytes = UNITS * ground->unit;
	}
	return outcome(result);
}

static const char *unmap(struct ground *ground, long first)
{
	return outcome(call(munmap, ground->at + (size_t)first * ground->unit, ground->unit));
}

static const char *map_over(struct ground *ground, long flags)
{
	return outcome(call(mmap, ground->at + ground->unit, ground->unit, RW,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0));
}

static const char *lock_then_unlock(struct ground *ground, long flags)
{
	do_mlock2(ground, flags);
	return do_munlock(ground, UNITS);
}

static const char *lock_then_discard(struct ground *ground, long advice)
{
	do_mlock2(ground, 0);
	return do_madvise(ground, advice);
}

static const char *overwrite(struct ground *ground, long letter)
{
	return poke(ground->at, (char)letter);
}

static const char *nothing(struct ground *ground, long unused)
{
	(void)ground;
	(void)unused;
	return "ok";
}

static const struct operation operations[] = {
	OP("read", touch, 0),
	OP("write", touch, 'w'),
	OP("madv_dontneed", advise, 4),
	OP("madv_free", advise, 8),
	OP("madv_remove", advise, 9),
	OP("madv_pageout", advise, 21),
	OP("madv_populate_write", advise, 23),
	OP("madv_guard_install", advise, 102),
	OP("mlock", do_mlock2, 0),
	OP("mlock2_onfault", do_mlock2, MLOCK_ONFAULT),
	OP("mlock_then_munlock", lock_then_unlock, 0),
	OP("mlock_then_madv_dontneed", lock_then_discard, 4),
	OP("mlock_then_madv_dontneed_locked", lock_then_discard, 24),
	OP("mprotect_none", do_mprotect, PROT_NONE),
	OP("mprotect_read", do_mprotect, PROT_READ),
	OP("mprotect_read_exec", do_mprotect, PROT_READ | PROT_EXEC),
	OP("mremap_grow", resize, UNITS + 2),
	OP("mremap_shrink", resize, UNITS - 2),
	OP("mremap_old_len_zero", move, 0),
	OP("munmap_middle", unmap, 1),
	OP("mmap_fixed", map_over, 0),
	OP("mmap_fixed_growsdown", map_over, MAP_GROWSDOWN),
	APART("in_a_fork", nothing, 0),
	APART("in_a_fork_that_writes", overwrite, 'w'),
	OP("mremap_dontunmap", move, MREMAP_DONTUNMAP), /* last: some kernels go on counting what it moved as locked */
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__account__##name)                                                                                  \
	{                                                                                                              \
		sweep_accounts(operations, make_##name);                                                               \
	}
#include "kinds.def"
#undef KIND
