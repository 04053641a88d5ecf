/* Flags bit by bit, and numbers that are not assigned yet: which of them this kernel knows. */
#include <asm/unistd.h>
#include "place.h"
#include "userfault.h"

typedef long try_bit(char *at, unsigned long value);

/* Each bit alone on top of `base`: the outcome, a word each; in children, so that none disturbs the next. */
static void each_bit(try_bit *attempt, unsigned long base, int bits)
{
	for (int bit = 0; bit < bits; bit++) {
		char *at = anon(2, 'k');

		in_child
			saw(textf("bit_%d", bit), outcome(attempt(at, base | 1UL << bit)));
		if (strcmp(child_end(), "exited") != 0)
			saw(textf("bit_%d", bit), child_end());
	}
}

static void each_number(try_bit *attempt, const char *name, unsigned long first, unsigned long last)
{
	char *at = anon(2, 'k');

	for (unsigned long number = first; number <= last; number++) {
		in_child
			saw(textf("%s_%lu", name, number), outcome(attempt(at, number)));
		if (strcmp(child_end(), "exited") != 0)
			saw(textf("%s_%lu", name, number), child_end());
	}
}

static long map_anonymous(char *at, unsigned long flags)
{
	(void)at;
	return call(mmap, space(2), pages(2), RW, flags | MAP_ANONYMOUS, -1, 0);
}

static long map_file(char *at, unsigned long flags)
{
	(void)at;
	return call(mmap, space(2), pages(2), RW, flags, scratch_file(2, 'a'), 0);
}

PROBE(sweep__bits__mmap_private)
{
	each_bit(map_anonymous, MAP_PRIVATE, 32);
}

PROBE(sweep__bits__mmap_shared)
{
	each_bit(map_anonymous, MAP_SHARED, 32);
}

PROBE(sweep__bits__mmap_file_shared)
{
	each_bit(map_file, MAP_SHARED, 32);
}

PROBE(sweep__bits__mmap_file_shared_validate)
{
	each_bit(map_file, MAP_SHARED_VALIDATE, 32);
}

static long map_type(char *at, unsigned long type)
{
	return map_anonymous(at, type);
}

PROBE(sweep__bits__mmap_types)
{
	each_number(map_type, "type", 0, 15);
}

static long map_with(char *at, unsigned long prot)
{
	(void)at;
	return call(mmap, space(2), pages(2), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

PROBE(sweep__bits__mmap_prot)
{
	each_bit(map_with, 0, 32);
}

static long protect(char *at, unsigned long prot)
{
	return call(mprotect, at, pages(2), prot);
}

PROBE(sweep__bits__mprotect)
{
	each_bit(protect, PROT_READ, 32);
}

static long move(char *at, unsigned long flags)
{
	return call(mremap, at, pages(2), pages(2), flags, space(2));
}

PROBE(sweep__bits__mremap)
{
	each_bit(move, MREMAP_MAYMOVE, 32);
}

static long lock(char *at, unsigned long flags)
{
	return call(mlock2, at, pages(2), flags);
}

PROBE(sweep__bits__mlock2)
{
	each_bit(lock, 0, 32);
}

static long lock_all(char *at, unsigned long flags)
{
	(void)at;
	return call(mlockall, flags);
}

PROBE(sweep__bits__mlockall)
{
	each_bit(lock_all, 0, 32);
}

static long sync(char *at, unsigned long flags)
{
	return call(msync, at, pages(2), flags);
}

PROBE(sweep__bits__msync)
{
	each_bit(sync, 0, 32);
}

static long seal(char *at, unsigned long flags)
{
	return call(mseal, at, pages(2), flags);
}

PROBE(sweep__bits__mseal)
{
	each_bit(seal, 0, 32);
}

static long memory_file(char *at, unsigned long flags)
{
	(void)at;
	return call(memfd_create, "bits", flags);
}

PROBE(sweep__bits__memfd_create)
{
	each_bit(memory_file, 0, 32);
}

static long secret_file(char *at, unsigned long flags)
{
	(void)at;
	return call(memfd_secret, flags);
}

PROBE(sweep__bits__memfd_secret)
{
	each_bit(secret_file, 0, 32);
}

static long user_faults(char *at, unsigned long flags)
{
	(void)at;
	return call(userfaultfd, flags);
}

PROBE(sweep__bits__userfaultfd)
{
	each_bit(user_faults, 0, 32);
}

static long uffd_feature(char *at, unsigned long features)
{
	(void)at;
	return userfault(0, features);
}

PROBE(sweep__bits__userfaultfd_features)
{
	each_bit(uffd_feature, 0, 24);
}

static long bind(char *at, unsigned long flags)
{
	return bind_pages(at, 2, MPOL_DEFAULT, 0, (int)flags);
}

PROBE(sweep__bits__mbind)
{
	each_bit(bind, 0, 16);
}

static long policy(char *at, unsigned long mode)
{
	(void)at;
	return set_policy((int)mode, 1);
}

PROBE(sweep__bits__set_mempolicy_modes)
{
	each_number(policy, "mode", 0, 10);
}

PROBE(sweep__bits__set_mempolicy_flags)
{
	each_bit(policy, MPOL_BIND, 18);
}

static long advise(char *at, unsigned long flags)
{
	struct {
		void *base;
		size_t length;
	} range = {at, pages(2)};

	return call(process_madvise, call(pidfd_open, quiet_call(getpid), 0), &range, 1, MADV_WILLNEED, flags);
}

PROBE(sweep__bits__process_madvise)
{
	each_bit(advise, 0, 32);
}

static long segment(char *at, unsigned long flags)
{
	(void)at;
	return shm_segment(2, (int)flags);
}

static long attach(char *at, unsigned long flags)
{
	(void)at;
	return call(shmat, segment(NULL, 0), space(4), flags);
}

PROBE(sweep__bits__shmat)
{
	each_bit(attach, 0, 20);
}

static long control(char *at, unsigned long option)
{
	(void)at;
	return call(prctl, option, 0, 0, 0, 0);
}

PROBE(sweep__numbers__prctl)
{
	each_number(control, "prctl", 1, 99);
}

/* Arguments that every call refuses: all bits set. */
static long number(char *at, unsigned long number)
{
	(void)at;
	return call_by_number((long)number, ~0UL) == -38 /* ENOSYS */ ? -38 : 0;
}

#if defined(__mips__)
enum { SHARED_NUMBERS = __NR_Linux }; /* asm/unistd.h: every ABI counts from its own base */
#else
enum { SHARED_NUMBERS = 0 };
#endif

PROBE(sweep__numbers__syscall)
{
	each_number(number, "syscall", SHARED_NUMBERS + 424, SHARED_NUMBERS + 480);
}

static long advice(char *at, unsigned long number)
{
	return call(madvise, at, pages(2), number);
}

PROBE(sweep__numbers__madvise)
{
	each_number(advice, "madv", 26, 99);
}

PROBE(sweep__numbers__madvise_high)
{
	each_number(advice, "madv", 102, 130);
}
