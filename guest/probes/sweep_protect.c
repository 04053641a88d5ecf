/* Protections and locks on every kind of mapping, seen in maps and in VmFlags. */
#include "operate.h"

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

static const char *lock_plainly(struct ground *ground, long unused)
{
	(void)unused;
	return outcome(call(mlock, ground->at, 2 * ground->unit));
}

static const char *unlock_all(struct ground *ground, long unused)
{
	(void)ground;
	(void)unused;
	return outcome(call(munlockall));
}

static const struct operation operations[] = {
	OP("mprotect_none", do_mprotect, PROT_NONE),
	OP("mprotect_read", do_mprotect, PROT_READ),
	OP("mprotect_write", do_mprotect, PROT_WRITE),
	OP("mprotect_exec", do_mprotect, PROT_EXEC),
	OP("mprotect_read_write", do_mprotect, RW),
	OP("mprotect_read_exec", do_mprotect, PROT_READ | PROT_EXEC),
	OP("mprotect_all", do_mprotect, RW | PROT_EXEC),
	OP("mprotect_bit_3", do_mprotect, PROT_READ | 8),
	OP("mprotect_bit_4", do_mprotect, PROT_READ | 16),
	OP("mprotect_bit_5", do_mprotect, PROT_READ | 32),
	OP("mprotect_growsdown", do_mprotect, RW | PROT_GROWSDOWN),
	OP("mprotect_growsup", do_mprotect, RW | PROT_GROWSUP),
	OP("mprotect_whole", protect_whole, PROT_READ),
	OP("mprotect_middle", protect_middle, PROT_READ),
	OP("pkey_mprotect_no_key", protect_no_key, PROT_READ),
	OP("mlock", lock_plainly, 0),
	OP("mlock2", do_mlock2, 0),
	OP("mlock2_onfault", do_mlock2, MLOCK_ONFAULT),
	OP("mlock2_bit_1", do_mlock2, 2),
	OP("munlock", do_munlock, 2),
	OP("munlock_whole", do_munlock, UNITS),
	APART("mlockall_current", do_mlockall, MCL_CURRENT),
	APART("mlockall_future", do_mlockall, MCL_FUTURE),
	APART("mlockall_current_onfault", do_mlockall, MCL_CURRENT | MCL_ONFAULT),
	APART("mlockall_all", do_mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT),
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
