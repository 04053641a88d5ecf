/* Unmapping parts, mapping over, syncing, sealing, forking: on every kind of mapping. */
#include "sweep.h"

static const char *unmap(struct ground *ground, long first)
{
	return outcome(call(munmap, ground->at + (size_t)first * ground->unit, ground->unit));
}

static const char *unmap_half_a_unit(struct ground *ground, long unused)
{
	(void)unused;
	return outcome(call(munmap, ground->at, ground->unit / 2));
}

static const char *sync(struct ground *ground, long flags)
{
	return outcome(call(msync, ground->at, UNITS * ground->unit, flags));
}

static const char *in_core(struct ground *ground, long unused)
{
	static unsigned char there[4096];
	char seen[UNITS + 1] = "";
	long result;

	(void)unused;
	if (UNITS * ground->unit / page_size > sizeof(there))
		return "too many pages to ask for";
	result = call(mincore, ground->at, UNITS * ground->unit, there);
	if (failed(result))
		return outcome(result);
	for (size_t i = 0; i < UNITS; i++)
		seen[i] = there[i * ground->unit / page_size] & 1 ? '1' : '0';
	return textf("in core %s", seen);
}

static const char *map_over(struct ground *ground, long flags)
{
	long result =
		call(mmap, ground->at + ground->unit, ground->unit, RW, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (failed(result))
		return outcome(result);
	if (address(result) == ground->at + ground->unit)
		return "in its place";
	quiet_call(munmap, address(result), ground->unit);
	return "elsewhere";
}

static const char *remap(struct ground *ground, long offset)
{
	return outcome(call(remap_file_pages, ground->at, ground->unit, 0, offset, 0));
}

static const char *seal(struct ground *ground, long flags)
{
	return outcome(call(mseal, ground->at, 2 * ground->unit, flags));
}

static const char *seal_then_unmap(struct ground *ground, long flags)
{
	seal(ground, flags);
	return outcome(call(munmap, ground->at, ground->unit));
}

static const char *seal_then_discard(struct ground *ground, long flags)
{
	seal(ground, flags);
	return outcome(call(madvise, ground->at, ground->unit, MADV_DONTNEED));
}

static char child_reads[UNITS + 1];

static const char *in_a_fork(struct ground *ground, long advice)
{
	int ends[2];
	char seen[UNITS + 1] = "";

	if (advice)
		call(madvise, ground->at, 2 * ground->unit, advice);
	if (failed(quiet_call(pipe2, ends, 0)))
		broken("pipe2");
	in_child {
		for (int i = 0; i < UNITS; i++)
			child_reads[i] = reads(ground, ground->at + (size_t)i * ground->unit);
		quiet_call(write, ends[1], child_reads, UNITS);
	}
	quiet_call(close, ends[1]);
	if (quiet_call(read, ends[0], seen, UNITS) <= 0)
		seen[0] = '?';
	quiet_call(close, ends[0]);
	return textf("child reads %s", seen);
}

static const struct operation operations[] = {
	OP("munmap_first", unmap, 0),
	OP("munmap_middle", unmap, 1),
	OP("munmap_half_a_unit", unmap_half_a_unit, 0),
	OP("msync_async", sync, MS_ASYNC),
	OP("msync_sync", sync, MS_SYNC),
	OP("msync_invalidate", sync, MS_INVALIDATE),
	OP("msync_sync_async", sync, MS_SYNC | MS_ASYNC),
	OP("mincore", in_core, 0),
	OP("mmap_fixed", map_over, MAP_FIXED),
	OP("mmap_fixed_noreplace", map_over, MAP_FIXED_NOREPLACE),
	OP("mmap_hint", map_over, 0),
	OP("remap_file_pages", remap, 1),
	APART("mseal", seal, 0),
	APART("mseal_bit_0", seal, 1),
	APART("mseal_then_munmap", seal_then_unmap, 0),
	APART("mseal_then_dontneed", seal_then_discard, 0),
	OP("fork", in_a_fork, 0),
	OP("fork_after_dontfork", in_a_fork, MADV_DONTFORK),
	OP("fork_after_wipeonfork", in_a_fork, MADV_WIPEONFORK),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__map__##name)                                                                                      \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
