#include <linux/resource.h>
#include <linux/shm.h>
#include "probe.h"

enum { NEWIPC = 0x08000000 };

/* Locked shared memory counts per user, and an IPC namespace goes away some time after its last process. */
static void own_user(int uid)
{
	call(unshare, NEWIPC);
	if (failed(call(setresuid, uid, uid, uid)))
		broken("setresuid(%d)", uid);
}

static struct shmid64_ds status(int id)
{
	struct shmid64_ds about = {0};

	call(shmctl, id, IPC_STAT, &about);
	return about;
}

PROBE(shmop__detach__unmaps)
{
	int id = shm_segment(2, 0);
	char *at = shm_attached(id, 0);

	saw("shmdt", outcome(call(shmdt, at)));
	saw("there", peek(at));
	saw("attached", (long)status(id).shm_nattch);
}

PROBE(shmop__detach__twice)
{
	char *at = shm_attached(shm_segment(1, 0), 0);

	saw("first", outcome(call(shmdt, at)));
	saw("second", outcome(call(shmdt, at)));
}

PROBE(shmop__detach__not_the_start)
{
	char *at = shm_attached(shm_segment(2, 0), 0);

	saw("inside", outcome(call(shmdt, at + pages(1))));
	saw("unaligned", outcome(call(shmdt, at + 8)));
}

PROBE(shmop__detach__other_mappings)
{
	saw("anon", outcome(call(shmdt, anon(1, 'k'))));
	saw("shared", outcome(call(shmdt, shared_anon(1, 'k'))));
	saw("nothing", outcome(call(shmdt, space(1))));
	saw("null", outcome(call(shmdt, NOWHERE)));
}

PROBE(shmop__detach__all_parts)
{
	char *at = shm_attached(shm_segment(4, 0), 0);

	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("shmdt", outcome(call(shmdt, at)));
	saw("there", contents(at, 4));
}

PROBE(shmop__detach__head_unmapped)
{
	char *at = shm_attached(shm_segment(4, 0), 0);

	call(munmap, at, pages(1));
	saw("shmdt", outcome(call(shmdt, at)));
	saw("there", contents(at, 4));
}

PROBE(shmop__detach__moved_part)
{
	int id = shm_segment(4, 0);
	char *at = shm_attached(id, 0), *moved;

	fill(at, 4, 'k');
	moved = address(call(mremap, at + pages(2), pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, space(1)));
	saw("mremap", outcome(moved));
	saw("shmdt", outcome(call(shmdt, at)));
	if (!failed(moved))
		saw("moved", peek(moved));
	saw("attached", (long)status(id).shm_nattch);
}

PROBE(shmop__detach__neighbour)
{
	int one = shm_segment(64, 0), other = shm_segment(64, 0); /* MIPS attaches at multiples of 256 KiB only */
	char *at = shm_attached(one, 0);
	char *behind = address(call(shmat, other, at + pages(64), 0));

	fill(behind, 1, 'b');
	saw("shmdt", outcome(call(shmdt, at)));
	saw("there", contents(at, 1));
	saw("behind", peek(behind));
}

PROBE(shmop__detach__sealed)
{
	char *at = shm_attached(shm_segment(1, 0), 0);
	long sealed;

	poke(at, 'k');
	sealed = call(mseal, at, pages(1), 0);
	saw("mseal", outcome(sealed));
	if (failed(sealed))
		return;
	saw("shmdt", outcome(call(shmdt, at)));
	saw("there", peek(at));
}

PROBE(shmop__remove__while_attached)
{
	int id = shm_segment(1, 0);
	char *at = shm_attached(id, 0);
	struct shmid64_ds about;

	saw("rmid", outcome(call(shmctl, id, IPC_RMID, NULL)));
	poke(at, 'w');
	saw("use", peek(at));
	about = status(id);
	saw("destroyed_mode", textf("%#o", (unsigned)about.shm_perm.mode));
	saw("key", (long)about.shm_perm.key);
	call(shmdt, at);
	saw("gone", outcome(call(shmctl, id, IPC_STAT, &about)));
}

PROBE(shmop__remove__other_user)
{
	int id = shm_segment(1, 0666);
	struct shmid64_ds about = status(id);

	become_user();
	saw("rmid", outcome(call(shmctl, id, IPC_RMID, NULL)));
	saw("set", outcome(call(shmctl, id, IPC_SET, &about)));
}

PROBE(shmop__remove__rmid_forced)
{
	int id = shm_segment(1, 0);
	struct shmid64_ds about;
	char *at;

	set_knob("/proc/sys/kernel/shm_rmid_forced", "1");
	at = shm_attached(id, 0);
	call(shmdt, at);
	saw("gone", outcome(call(shmctl, id, IPC_STAT, &about)));
}

PROBE(shmop__remove__rmid_forced_orphans)
{
	int own = shm_segment(1, 0);
	static volatile int *orphan;
	struct shmid64_ds about;

	orphan = (volatile int *)(void *)shared_anon(1, 'k');
	in_child
		*orphan = shm_segment(1, 0);
	set_knob("/proc/sys/kernel/shm_rmid_forced", "1");
	saw("own", outcome(call(shmctl, own, IPC_STAT, &about)));
	saw("orphan", outcome(call(shmctl, *orphan, IPC_STAT, &about)));
}

PROBE(shmop__status__fields)
{
	int id = shm_segment(2, 0);
	struct shmid64_ds about;

	shm_attached(id, 0);
	about = status(id);
	saw("size", (long)(about.shm_segsz / page_size));
	saw("attached", (long)about.shm_nattch);
	saw("creator", yes(about.shm_cpid == call(getpid)));
	saw("last", yes(about.shm_lpid == about.shm_cpid));
	saw("attach_time", about.shm_atime ? "set" : "zero");
	saw("detach_time", about.shm_dtime ? "set" : "zero");
	saw("uid", (long)about.shm_perm.uid);
}

PROBE(shmop__status__other_user)
{
	int id = shm_segment(1, 0);
	struct shmid64_ds about;

	become_user();
	saw("ipc_stat", outcome(call(shmctl, id, IPC_STAT, &about)));
	saw("shm_stat", outcome(call(shmctl, 0, SHM_STAT, &about)));
	saw("any", outcome(call(shmctl, 0, SHM_STAT_ANY, &about)));
}

PROBE(shmop__status__index)
{
	int id = shm_segment(1, 0);
	struct shmid64_ds about;

	saw("used", yes(call(shmctl, 0, SHM_STAT, &about) == id));
	saw("unused", outcome(call(shmctl, 1, SHM_STAT, &about)));
}

PROBE(shmop__status__shm_info)
{
	struct shm_info info;
	int id = shm_segment(4, 0);

	shm_segment(1, 0);
	fill(shm_attached(id, 0), 2, 'k');
	call(shmctl, 0, SHM_INFO, &info);
	saw("segments", info.used_ids);
	saw("pages", (long)info.shm_tot);
	saw("resident", (long)info.shm_rss);
}

PROBE(shmop__status__unknown_command)
{
	saw("unknown", outcome(call(shmctl, shm_segment(1, 0), 99, NULL)));
}

PROBE(shmop__status__proc_list)
{
	int id = shm_segment(1, 0);
	const char *line = textf("%10d %10d  1600", 0, id);

	saw("before", file_has("/proc/sysvipc/shm", line));
	shm_attached(id, 0);
	call(shmctl, id, IPC_RMID, NULL);
	saw("after", file_has("/proc/sysvipc/shm", line));
}

PROBE(shmop__change_owner_and_mode__mode)
{
	int id = shm_segment(1, 0);
	struct shmid64_ds about = status(id);

	about.shm_perm.mode = 07444;
	about.shm_perm.uid = 65534;
	saw("set", outcome(call(shmctl, id, IPC_SET, &about)));
	about = status(id);
	saw("mode", textf("%#o", (unsigned)about.shm_perm.mode));
	saw("uid", (long)about.shm_perm.uid);
}

PROBE(shmop__lock_segment__root)
{
	int id = shm_segment(2, 0);
	char *at = shm_attached(id, 0);

	saw("lock", outcome(call(shmctl, id, SHM_LOCK, NULL)));
	saw("locked", textf("%#o", (unsigned)status(id).shm_perm.mode));
	saw("populated", populated(at, 2));
	saw("vmlck", proc_number("/proc/self/status", "VmLck"));
	saw("vm_locked", vm_flag(at, "lo"));
	saw("unlock", outcome(call(shmctl, id, SHM_UNLOCK, NULL)));
	saw("unlocked", textf("%#o", (unsigned)status(id).shm_perm.mode));
}

PROBE(shmop__lock_segment__limits)
{
	int id;

	own_user(7001);
	id = shm_segment(2, 0);
	set_limit(RLIMIT_MEMLOCK, 0);
	saw("none", outcome(call(shmctl, id, SHM_LOCK, NULL)));
	set_limit(RLIMIT_MEMLOCK, pages(1));
	saw("beyond", outcome(call(shmctl, id, SHM_LOCK, NULL)));
	set_limit(RLIMIT_MEMLOCK, pages(2));
	saw("within", outcome(call(shmctl, id, SHM_LOCK, NULL)));
	call(shmctl, id, IPC_RMID, NULL);
}

PROBE(shmop__lock_segment__other_user)
{
	int id = shm_segment(1, 0666);

	set_hard_limit(RLIMIT_MEMLOCK, 1UL << 20);
	become_user();
	saw("lock", outcome(call(shmctl, id, SHM_LOCK, NULL)));
	saw("unlock", outcome(call(shmctl, id, SHM_UNLOCK, NULL)));
}

PROBE(shmop__lock_segment__unlock_returns_limit)
{
	int one, other, third;

	own_user(7002);
	one = shm_segment(2, 0);
	other = shm_segment(2, 0);
	third = shm_segment(2, 0);
	set_limit(RLIMIT_MEMLOCK, pages(2));
	saw("first", outcome(call(shmctl, one, SHM_LOCK, NULL)));
	saw("second", outcome(call(shmctl, other, SHM_LOCK, NULL)));
	call(shmctl, one, SHM_UNLOCK, NULL);
	saw("after_unlock", outcome(call(shmctl, other, SHM_LOCK, NULL)));
	call(shmctl, other, IPC_RMID, NULL);
	saw("after_removal", outcome(call(shmctl, third, SHM_LOCK, NULL)));
	call(shmctl, third, IPC_RMID, NULL);
}
