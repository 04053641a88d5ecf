/* Protections and locks on every kind of mapping, seen in maps and in VmFlags. */
#include "sweep.h"

static const char *protect(struct ground *ground, long prot)
{
	return outcome(call(mprotect, ground->at, 2 * ground->unit, prot));
}

static const char *protect_whole(struct ground *ground, long prot)
{
	return outcome(call(mprotect, ground->at, UNITS * ground->unit, prot));
}

static const char *protect_middle(struct ground *ground, long prot)
{
	return outcome(call(mprotect, ground->at + ground->unit, 2 * ground->unit, prot));
}

static const char *protect_no_key(struct ground *ground, long prot)
{
	return outcome(call(pkey_mprotect, ground->at, 2 * ground->unit, prot, -1));
}

static const char *lock(struct ground *ground, long flags)
{
	return outcome(call(mlock2, ground->at, 2 * ground->unit, flags));
}

static const char *lock_plainly(struct ground *ground, long unused)
{
	(void)unused;
	return outcome(call(mlock, ground->at, 2 * ground->unit));
}

static const char *unlock(struct ground *ground, long units)
{
	return outcome(call(munlock, ground->at, (size_t)units * ground->unit));
}

static const char *lock_all(struct ground *ground, long flags)
{
	(void)ground;
	return outcome(call(mlockall, flags));
}

static const char *unlock_all(struct ground *ground, long unused)
{
	(void)ground;
	(void)unused;
	return outcome(call(munlockall));
}

static const struct operation operations[] = {
	OP("mprotect_none", protect, PROT_NONE),
	OP("mprotect_read", protect, PROT_READ),
	OP("mprotect_write", protect, PROT_WRITE),
	OP("mprotect_exec", protect, PROT_EXEC),
	OP("mprotect_read_write", protect, RW),
	OP("mprotect_read_exec", protect, PROT_READ | PROT_EXEC),
	OP("mprotect_all", protect, RW | PROT_EXEC),
	OP("mprotect_bit_3", protect, PROT_READ | 8),
	OP("mprotect_bit_4", protect, PROT_READ | 16),
	OP("mprotect_bit_5", protect, PROT_READ | 32),
	OP("mprotect_growsdown", protect, RW | PROT_GROWSDOWN),
	OP("mprotect_growsup", protect, RW | PROT_GROWSUP),
	OP("mprotect_whole", protect_whole, PROT_READ),
	OP("mprotect_middle", protect_middle, PROT_READ),
	OP("pkey_mprotect_no_key", protect_no_key, PROT_READ),
	OP("mlock", lock_plainly, 0),
	OP("mlock2", lock, 0),
	OP("mlock2_onfault", lock, MLOCK_ONFAULT),
	OP("mlock2_bit_1", lock, 2),
	OP("munlock", unlock, 2),
	OP("munlock_whole", unlock, UNITS),
	APART("mlockall_current", lock_all, MCL_CURRENT),
	APART("mlockall_future", lock_all, MCL_FUTURE),
	APART("mlockall_current_onfault", lock_all, MCL_CURRENT | MCL_ONFAULT),
	APART("mlockall_all", lock_all, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT),
	APART("munlockall", unlock_all, 0),
	OPS_END,
};

#define KIND(name, needs, says)                                                                                        \
	PROBE(sweep__protect__##name)                                                                                  \
	{                                                                                                              \
		sweep(operations, make_##name);                                                                        \
	}
#include "kinds.def"
#undef KIND
