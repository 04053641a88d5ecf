/* Calls at a limit of the process: what each answers, and what it has done to its five pages before it failed. */
#include <linux/capability.h>
#include <linux/shm.h>
#include <sys/resource.h>
#include "halfway.h"

enum { ANON = MAP_PRIVATE | MAP_ANONYMOUS };

/* Imposed around one act only, so that the probe itself is not bound by it. */
static struct {
	int resource;
	const char *used; /* the line of /proc/self/status that it bounds */
	long spare;       /* pages that are left */
	uint64_t before[2];
} limit;

static void impose(void)
{
	uint64_t now[2];

	call(prlimit64, 0, limit.resource, NULL, limit.before);
	now[0] = pages(limit.spare);
	now[1] = limit.before[1];
	if (limit.used)
		now[0] += (uint64_t)proc_number("/proc/self/status", limit.used) << 10;
	call(prlimit64, 0, limit.resource, now, NULL);
}

static void lift(void)
{
	call(prlimit64, 0, limit.resource, limit.before, NULL);
}

static long limited;
#define LIMITED(act) (impose(), limited = (long)(act), lift(), limited)

/* ---- what is made, and taken away again ---- */
/* ---- mappings made, each taken away again ---- */
static const char *gone(long at, size_t bytes)
{
	if (!failed(at))
		quiet_call(munmap, at, bytes);
	return outcome(at);
}

static const char *map_new(char *at, long flags)
{
	(void)at;
	return gone(LIMITED(call(mmap, NOWHERE, page_size, RW, flags | MAP_ANONYMOUS, -1, 0)), page_size);
}

static const char *map_without(char *at, long prot)
{
	(void)at;
	return gone(LIMITED(call(mmap, NOWHERE, page_size, prot, ANON, -1, 0)), page_size);
}

static const char *map_file(char *at, long flags)
{
	int fd = scratch_file(1, 'f');
	const char *seen = gone(LIMITED(call(mmap, NOWHERE, page_size, RW, flags, fd, 0)), page_size);

	(void)at;
	quiet_call(close, fd);
	return seen;
}

static const char *map_over(char *at, long prot)
{
	return outcome(LIMITED(call(mmap, at + pages(ODD), page_size, prot, ANON | MAP_FIXED, -1, 0)));
}

static const char *map_secret(char *at, long unused)
{
	int fd = (int)call(memfd_secret, 0);
	const char *seen;

	(void)at;
	(void)unused;
	if (failed(fd))
		return outcome(fd);
	quiet_call(ftruncate, fd, (long long)page_size);
	seen = gone(LIMITED(call(mmap, NOWHERE, page_size, RW, MAP_SHARED, fd, 0)), page_size);
	quiet_call(close, fd);
	return seen;
}

static const char *attach(char *at, long flags)
{
	int id = shm_segment(1, 0);
	long got = LIMITED(call(shmat, id, flags & SHM_REMAP ? at + pages(ODD) : NOWHERE, flags));

	if (!failed(got) && !(flags & SHM_REMAP))
		quiet_call(shmdt, got);
	quiet_call(shmctl, id, 0 /* IPC_RMID */, NULL);
	return outcome(got);
}

static const char *expand_heap(char *at, long n)
{
	long now = quiet_call(brk, NULL), then = LIMITED(call(brk, now + (long)pages(n)));

	(void)at;
	quiet_call(brk, now);
	return then == now ? "refused" : "ok";
}

static const char *lock_segment(char *at, long n)
{
	int id = shm_segment(n, 0);
	long result = LIMITED(call(shmctl, id, 11 /* SHM_LOCK */, NULL));

	(void)at;
	quiet_call(shmctl, id, 0 /* IPC_RMID */, NULL);
	return outcome(result);
}

/* ---- the pages that are there ---- */
static const char *protect_all(char *at, long prot)
{
	return outcome(LIMITED(call(mprotect, at, pages(ROW), prot)));
}

static const char *lock_row(char *at, long flags)
{
	return outcome(LIMITED(call(mlock2, at, pages(ROW), flags)));
}

static const char *lock_all(char *at, long flags)
{
	long result = LIMITED(call(mlockall, flags));

	(void)at;
	quiet_call(munlockall);
	return outcome(result);
}

/* What MCL_FUTURE locks: a new mapping, or the heap. */
static const char *map_in_future(char *at, long flags)
{
	const char *seen;

	quiet_call(mlockall, MCL_FUTURE);
	seen = flags ? expand_heap(at, ROW)
		     : gone(LIMITED(call(mmap, NOWHERE, pages(ROW), RW, ANON, -1, 0)), pages(ROW));
	quiet_call(munlockall);
	return seen;
}

static const char *grow_row(char *at, long n)
{
	return outcome(LIMITED(call(mremap, at, pages(ROW), pages(n), 0, NOWHERE)));
}

/* A part of them, elsewhere: `shape` is how many pages it is to have there, and the flags above it. */
#define SHAPE(n, flags) ((n) | (flags) << 8)
static const char *move(char *at, long shape)
{
	long n = shape & 0xff, flags = shape >> 8;
	char *to = space(ROW);
	long got = LIMITED(call(mremap, at + pages(ODD), page_size, pages(n), flags, to));

	quiet_call(munmap, to, pages(ROW));
	if (!failed(got) && !(flags & MREMAP_FIXED) && address(got) != at + pages(ODD))
		quiet_call(munmap, got, pages(n));
	return outcome(got);
}

/* The page below a mapping that grows downwards is written to. */
static const char *grow_down(char *at, long flags)
{
	char *down = anon_with(1, 's', RW, MAP_PRIVATE | MAP_GROWSDOWN | (int)flags);
	const char *seen;

	(void)at;
	impose();
	seen = poke(down - page_size, 'w');
	lift();
	quiet_call(munmap, down - page_size, pages(2));
	return seen;
}

static const struct attempt growing[] = {
	{"mmap", map_new, MAP_PRIVATE},
	{"mmap_shared", map_new, MAP_SHARED},
	{"mmap_noreserve", map_new, MAP_PRIVATE | MAP_NORESERVE},
	{"mmap_stack", map_new, MAP_PRIVATE | MAP_STACK},
	{"mmap_growsdown", map_new, MAP_PRIVATE | MAP_GROWSDOWN},
	{"mmap_locked", map_new, MAP_PRIVATE | MAP_LOCKED},
	{"mmap_droppable", map_new, MAP_DROPPABLE},
	{"mmap_read", map_without, PROT_READ},
	{"mmap_none", map_without, PROT_NONE},
	{"mmap_file_shared", map_file, MAP_SHARED},
	{"mmap_file_private", map_file, MAP_PRIVATE},
	{"mmap_fixed_over", map_over, RW},
	{"mmap_fixed_over_read", map_over, PROT_READ},
	{"memfd_secret", map_secret, 0},
	{"shmat", attach, 0},
	{"shmat_read_only", attach, SHM_RDONLY},
	{"brk", expand_heap, 1},
	{"mprotect_write", protect_all, RW},
	{"mprotect_none", protect_all, PROT_NONE},
	{"mremap_grow", grow_row, ROW + 1},
	{"mremap_move", move, SHAPE(1, MREMAP_MAYMOVE | MREMAP_FIXED)},
	{"mremap_grow_elsewhere", move, SHAPE(2, MREMAP_MAYMOVE | MREMAP_FIXED)},
	{"mremap_dontunmap", move, SHAPE(1, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)},
	{"growsdown", grow_down, 0},
	{NULL, NULL, 0},
};

static const struct attempt locking[] = {
	{"mlock", lock_row, 0},
	{"mlock2_onfault", lock_row, MLOCK_ONFAULT},
	{"mlockall_current", lock_all, MCL_CURRENT},
	{"mlockall_onfault", lock_all, MCL_CURRENT | MCL_ONFAULT},
	{"mlockall_future", lock_all, MCL_FUTURE},
	{"mmap_locked", map_new, MAP_PRIVATE | MAP_LOCKED},
	{"mmap_shared_locked", map_new, MAP_SHARED | MAP_LOCKED},
	{"mmap_future", map_in_future, 0},
	{"brk_future", map_in_future, 1},
	{"mprotect_write", protect_all, RW},
	{"mremap_grow", grow_row, ROW + 1},
	{"mremap_grow_elsewhere", move, SHAPE(2, MREMAP_MAYMOVE | MREMAP_FIXED)},
	{"mremap_dontunmap", move, SHAPE(1, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)},
	{"growsdown_locked", grow_down, MAP_LOCKED},
	{"shm_lock", lock_segment, ROW},
	{"memfd_secret", map_secret, 0},
	{NULL, NULL, 0},
};

static const struct attempt stacks[] = {
	{"mmap_growsdown", map_new, MAP_PRIVATE | MAP_GROWSDOWN},
	{"mmap_stack", map_new, MAP_PRIVATE | MAP_STACK},
	{"growsdown", grow_down, 0},
	{"growsdown_locked", grow_down, MAP_LOCKED},
	{"mremap_grow", grow_row, ROW + 1},
	{NULL, NULL, 0},
};

static char *writable(void)
{
	return anon(ROW, 'k');
}

static char *read_only(void)
{
	char *at = anon(ROW, 'k');

	quiet_call(mprotect, at, pages(ROW), PROT_READ);
	return at;
}

static char *locked(void)
{
	char *at = anon(ROW, 'k');

	quiet_call(mlock, at, pages(ROW));
	return at;
}

static void at_limit(int resource, const char *used, long spare, const struct attempt *attempts, layout *make)
{
	limit.resource = resource;
	limit.used = used;
	limit.spare = spare;
	halfway(attempts, make, false);
}

PROBE(sweep__limits__address_space)
{
	at_limit(RLIMIT_AS, "VmSize", 0, growing, writable);
}

PROBE(sweep__limits__data)
{
	at_limit(RLIMIT_DATA, "VmData", 0, growing, read_only);
}

PROBE(sweep__limits__locked_memory)
{
	drop_capability(CAP_IPC_LOCK);
	at_limit(RLIMIT_MEMLOCK, "VmLck", 2, locking, writable);
}

PROBE(sweep__limits__locked_memory_used_up)
{
	set_limit(RLIMIT_MEMLOCK, pages(4 * ROW));
	drop_capability(CAP_IPC_LOCK);
	at_limit(RLIMIT_MEMLOCK, "VmLck", 0, locking, locked);
}

PROBE(sweep__limits__stack)
{
	at_limit(RLIMIT_STACK, NULL, 1, stacks, writable);
}
