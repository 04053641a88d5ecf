/* Which capability each call asks for that locks memory or concerns oneself. */
#include <linux/shm.h>
#include <sys/resource.h>
#include "operate.h"
#include "privilege.h"

static char *page;
static int segment;

/* ---- locking, with a limit of zero ---- */
static const char *lock(long flags)
{
	long result = call(mlock2, page, page_size, flags);

	call(munlock, page, page_size);
	return outcome(result);
}

static const char *lock_all(long flags)
{
	long result = call(mlockall, flags);

	call(munlockall);
	return outcome(result);
}

static const char *map_locked(long flags)
{
	long at = call(mmap, NOWHERE, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (!failed(at))
		call(munmap, at, page_size);
	return outcome(at);
}

static const char *map_secret(long unused)
{
	long fd = call(memfd_secret, 0), at;

	(void)unused;
	if (failed(fd))
		return outcome(fd);
	call(ftruncate, fd, (long long)page_size);
	at = call(mmap, NOWHERE, page_size, RW, MAP_SHARED, fd, 0);
	if (!failed(at))
		call(munmap, at, page_size);
	quiet_call(close, fd);
	return outcome(at);
}

static const char *lock_segment(long command)
{
	return outcome(call(shmctl, segment, command, NULL));
}

static const char *huge_segment(long flags)
{
	long id = call(shmget, 0, 1 << 21, flags | 01600);

	if (!failed(id))
		call(shmctl, id, 0 /* IPC_RMID */, NULL);
	return outcome(id);
}

static const char *pin(long unused)
{
	static unsigned char parameters[256];
	struct vector buffer = {page, page_size};
	long ring, result;

	(void)unused;
	memset(parameters, 0, sizeof(parameters));
	ring = call(io_uring_setup, 1, parameters);
	if (failed(ring))
		return outcome(ring);
	result = call(io_uring_register, ring, 0 /* IORING_REGISTER_BUFFERS */, &buffer, 1);
	quiet_call(close, ring);
	return outcome(result);
}

PROBE(sweep__privilege__locking)
{
	static const struct deed deeds[] = {
		{"mlock", lock, 0},
		{"mlock2_onfault", lock, MLOCK_ONFAULT},
		{"mlockall_current", lock_all, MCL_CURRENT},
		{"mlockall_future", lock_all, MCL_FUTURE},
		{"mmap_locked", map_locked, MAP_LOCKED},
		{"mmap_hugetlb", map_locked, MAP_HUGETLB},
		{"memfd_secret", map_secret, 0},
		{"shm_lock", lock_segment, 11},
		{"shm_unlock", lock_segment, 12},
		{"shmget_hugetlb", huge_segment, SHM_HUGETLB},
		{"io_uring_register_buffers", pin, 0},
		{NULL, NULL, 0},
	};

	page = anon(1, 'k');
	segment = shm_segment(1, 0);
	set_hard_limit(RLIMIT_MEMLOCK, 0);
	privileges(deeds);
}

/* ---- oneself, and System V segments ---- */
static const char *control(long option)
{
	return outcome(call(prctl, option, 0, 0, 0, 0));
}

static const char *set_mm(long field)
{
	return outcome(call(prctl, 35 /* PR_SET_MM */, field, 0, 0, 0));
}

static const char *segment_call(long command)
{
	static char buffer[256];

	return outcome(call(shmctl, segment, command, buffer));
}

static const char *attach(long flags)
{
	long at = call(shmat, segment, NOWHERE, flags);

	if (!failed(at))
		call(shmdt, at);
	return outcome(at);
}

PROBE(sweep__privilege__oneself)
{
	static const struct deed deeds[] = {
		{"pr_set_mm_start_code", set_mm, 1},
		{"pr_set_mm_start_stack", set_mm, 5},
		{"pr_set_mm_brk", set_mm, 7},
		{"pr_set_mm_arg_start", set_mm, 8},
		{"pr_set_mm_auxv", set_mm, 12},
		{"pr_set_mm_exe_file", set_mm, 13},
		{"pr_set_mm_map", set_mm, 14},
		{"pr_set_mm_map_size", set_mm, 15},
		{"pr_set_io_flusher", control, 57},
		{"pr_get_io_flusher", control, 58},
		{"pr_set_memory_merge", control, 67},
		{"pr_get_memory_merge", control, 68},
		{"pr_set_thp_disable", control, 41},
		{"pr_set_mdwe", control, 65},
		{"shmat", attach, 0},
		{"shmat_read_only", attach, SHM_RDONLY},
		{"ipc_stat", segment_call, 2},
		{"shm_stat_any", segment_call, 15},
		{NULL, NULL, 0},
	};

	segment = shm_segment(1, 0);
	privileges(deeds);
}
