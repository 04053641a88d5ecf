/* Every shape of mremap on every kind of mapping: where it went, and what is read there. */
#include "sweep.h"

static const char *went(struct ground *ground, char *from, long result, long n)
{
	char *to = address(result);

	if (failed(result))
		return outcome(result);
	if (to == from)
		return textf("stays, reads %c", reads(ground, to));
	ground->moved = to;
	ground->moved_bytes = (size_t)n * ground->unit;
	return textf("moves, reads %c%c", reads(ground, to), reads(ground, to + (size_t)(n - 1) * ground->unit));
}

static const char *resize(struct ground *ground, long units)
{
	size_t length = (size_t)units * ground->unit;

	return went(ground, ground->at, call(mremap, ground->at, UNITS * ground->unit, length, 0), units);
}

static const char *resize_or_move(struct ground *ground, long units)
{
	size_t length = (size_t)units * ground->unit;

	return went(ground, ground->at, call(mremap, ground->at, UNITS * ground->unit, length, MREMAP_MAYMOVE), units);
}

static const char *grow_part(struct ground *ground, long flags)
{
	return went(ground, ground->at, call(mremap, ground->at, ground->unit, 2 * ground->unit, flags), 2);
}

static const char *move_all(struct ground *ground, long flags)
{
	char *to = another_place(ground, UNITS);

	return went(ground, ground->at, call(mremap, ground->at, UNITS * ground->unit, UNITS * ground->unit, flags, to),
		UNITS);
}

static const char *move_middle(struct ground *ground, long flags)
{
	char *from = ground->at + ground->unit, *to = another_place(ground, 2);

	return went(ground, from, call(mremap, from, 2 * ground->unit, 2 * ground->unit, flags, to), 2);
}

static const char *grow_elsewhere(struct ground *ground, long flags)
{
	char *to = another_place(ground, UNITS);

	return went(ground, ground->at, call(mremap, ground->at, ground->unit, 2 * ground->unit, flags, to), 2);
}

static const char *double_it(struct ground *ground, long flags)
{
	char *to = another_place(ground, UNITS);

	return went(ground, ground->at, call(mremap, ground->at, 0, 2 * ground->unit, flags, to), 2);
}

static const char *onto_itself(struct ground *ground, long flags)
{
	return went(ground, ground->at,
		call(mremap, ground->at, 2 * ground->unit, 2 * ground->unit, flags, ground->at + ground->unit), 2);
}

static const char *beyond_its_end(struct ground *ground, long flags)
{
	return went(ground, ground->at,
		call(mremap, ground->at, (UNITS + 2) * ground->unit, (UNITS + 4) * ground->unit, flags), UNITS + 4);
}

#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)
#define LEFT (MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

static const struct operation operations[] = {
	OP("mremap_same", resize, UNITS),
	OP("mremap_shrink", resize, 2),
	OP("mremap_grow", resize, UNITS + 1),
	OP("mremap_to_nothing", resize, 0),
	OP("mremap_maymove_shrink", resize_or_move, 2),
	OP("mremap_maymove_grow", resize_or_move, UNITS + 1),
	OP("mremap_maymove_grow_much", resize_or_move, 4 * UNITS),
	OP("mremap_grow_part", grow_part, 0),
	OP("mremap_maymove_grow_part", grow_part, MREMAP_MAYMOVE),
	OP("mremap_fixed", move_all, FIXED),
	OP("mremap_fixed_without_maymove", move_all, MREMAP_FIXED),
	OP("mremap_fixed_middle", move_middle, FIXED),
	OP("mremap_fixed_grow", grow_elsewhere, FIXED),
	OP("mremap_fixed_onto_itself", onto_itself, FIXED),
	OP("mremap_dontunmap", move_all, LEFT),
	OP("mremap_dontunmap_without_maymove", move_all, MREMAP_DONTUNMAP),
	OP("mremap_dontunmap_fixed", move_all, LEFT | MREMAP_FIXED),
	OP("mremap_dontunmap_middle", move_middle, LEFT | MREMAP_FIXED),
	OP("mremap_dontunmap_grow", grow_elsewhere, LEFT),
	OP("mremap_old_len_zero", double_it, MREMAP_MAYMOVE),
	OP("mremap_old_len_zero_fixed", double_it, FIXED),
	OP("mremap_old_len_zero_stays", double_it, 0),
	OP("mremap_beyond_its_end", beyond_its_end, MREMAP_MAYMOVE),
	OP("mremap_bit_3", move_all, 8),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__mremap__##name)                                                                                   \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
