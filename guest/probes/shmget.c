#include <linux/resource.h>
#include <linux/shm.h>
#include "probe.h"

enum { NEWIPC = 0x08000000, KEY = 0x4d454d46 };

/* Keys, limits and counts are those of an IPC namespace of the probe's own. */
static void alone(void)
{
	long result = call(unshare, NEWIPC);

	if (failed(result))
		broken("unshare(CLONE_NEWIPC): %s", outcome(result));
}

static const char *same(long one, long other)
{
	return failed(other) ? outcome(other) : one == other ? "same" : "other";
}

PROBE(shmget__create_segment__private_twice)
{
	long one, other;

	alone();
	one = call(shmget, IPC_PRIVATE, pages(1), IPC_CREAT | 0600);
	other = call(shmget, IPC_PRIVATE, pages(1), 0600);
	saw("first", outcome(one));
	saw("second", same(one, other));
}

PROBE(shmget__create_segment__key_again)
{
	long id;

	alone();
	id = call(shmget, KEY, pages(1), IPC_CREAT | 0600);
	saw("create", outcome(id));
	saw("with_create", same(id, call(shmget, KEY, pages(1), IPC_CREAT | 0600)));
	saw("without", same(id, call(shmget, KEY, 0, 0)));
}

PROBE(shmget__create_segment__key_missing)
{
	alone();
	saw("shmget", outcome(call(shmget, KEY, pages(1), 0600)));
}

PROBE(shmget__create_segment__excl)
{
	long id;

	alone();
	id = call(shmget, KEY, pages(1), IPC_CREAT | IPC_EXCL | 0600);
	saw("excl", outcome(call(shmget, KEY, pages(1), IPC_CREAT | IPC_EXCL | 0600)));
	saw("alone", same(id, call(shmget, KEY, pages(1), IPC_EXCL | 0600)));
}

PROBE(shmget__create_segment__reads_zero)
{
	saw("contents", contents(shm_attached(shm_segment(3, 0), 0), 3));
}

PROBE(shmget__create_segment__key_after_removal)
{
	long id;

	alone();
	id = call(shmget, KEY, pages(1), IPC_CREAT | 0600);
	shm_attached((int)id, 0);
	call(shmctl, id, IPC_RMID, NULL);
	saw("found", outcome(call(shmget, KEY, 0, 0)));
	saw("again", same(id, call(shmget, KEY, pages(1), IPC_CREAT | 0600)));
}

PROBE(shmget__create_segment__unknown_flags)
{
	unsigned refused = 0;

	alone();
	for (int bit = 13; bit < 26; bit++)
		if (failed(call(shmget, IPC_PRIVATE, pages(1), 0600 | 1u << bit)))
			refused |= 1u << bit;
	saw("refused", refused ? textf("%#x", refused) : "0");
}

PROBE(shmget__size_limits__zero)
{
	alone();
	saw("create", outcome(call(shmget, KEY, 0, IPC_CREAT | 0600)));
	call(shmget, KEY, pages(1), IPC_CREAT | 0600);
	saw("find", outcome(call(shmget, KEY, 0, 0)));
}

PROBE(shmget__size_limits__against_existing)
{
	alone();
	call(shmget, KEY, pages(2), IPC_CREAT | 0600);
	saw("more", outcome(call(shmget, KEY, pages(3), 0600)));
	saw("less", outcome(call(shmget, KEY, pages(1), 0600)));
}

PROBE(shmget__size_limits__rounded_up)
{
	struct shmid64_ds about;
	long id;

	alone();
	id = call(shmget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
	saw("pages", mapping_pages(shm_attached((int)id, 0)));
	call(shmctl, id, IPC_STAT, &about);
	saw("segsz", (long)about.shm_segsz);
}

PROBE(shmget__size_limits__shmmax)
{
	alone();
	set_knob("/proc/sys/kernel/shmmax", textf("%zu", pages(2)));
	saw("at", outcome(call(shmget, IPC_PRIVATE, pages(2), 0600)));
	saw("above", outcome(call(shmget, IPC_PRIVATE, pages(2) + 1, 0600)));
}

PROBE(shmget__size_limits__shmall)
{
	alone();
	set_knob("/proc/sys/kernel/shmall", "2");
	saw("first", outcome(call(shmget, IPC_PRIVATE, pages(2), 0600)));
	saw("second", outcome(call(shmget, IPC_PRIVATE, pages(1), 0600)));
}

PROBE(shmget__size_limits__shmmni)
{
	alone();
	set_knob("/proc/sys/kernel/shmmni", "1");
	saw("first", outcome(call(shmget, IPC_PRIVATE, pages(1), 0600)));
	saw("second", outcome(call(shmget, IPC_PRIVATE, pages(1), 0600)));
}

PROBE(shmget__size_limits__defaults)
{
	const char *nearly_all = textf("%lu", ~0UL - (1UL << 24));

	alone();
	note("shmmax %s, shmall %s", knob("/proc/sys/kernel/shmmax"), knob("/proc/sys/kernel/shmall"));
	saw("shmmax", strcmp(knob("/proc/sys/kernel/shmmax"), nearly_all) == 0 ? "documented" : "other");
	saw("shmall", strcmp(knob("/proc/sys/kernel/shmall"), nearly_all) == 0 ? "documented" : "other");
	saw("shmmni", textf("%s", knob("/proc/sys/kernel/shmmni")));
	saw("rmid_forced", textf("%s", knob("/proc/sys/kernel/shm_rmid_forced")));
}

PROBE(shmget__size_limits__absurd)
{
	alone();
	saw("largest", outcome(call(shmget, IPC_PRIVATE, ~0UL, 0600)));
	saw("exabyte", outcome(call(shmget, IPC_PRIVATE, 1UL << (sizeof(long) == 8 ? 60 : 31), 0600)));
	saw("terabyte", outcome(call(shmget, IPC_PRIVATE, 1UL << (sizeof(long) == 8 ? 40 : 31), 0600)));
}

PROBE(shmget__size_limits__noreserve)
{
	unsigned long size = 1UL << (sizeof(long) == 8 ? 40 : 31);

	alone();
	saw("reserved", outcome(call(shmget, IPC_PRIVATE, size, 0600)));
	saw("noreserve", outcome(call(shmget, IPC_PRIVATE, size, 0600 | SHM_NORESERVE)));
}

PROBE(shmget__size_limits__noreserve_never_overcommit)
{
	alone();
	set_knob("/proc/sys/vm/overcommit_memory", "2");
	saw("noreserve",
		outcome(call(shmget, IPC_PRIVATE, 1UL << (sizeof(long) == 8 ? 40 : 31), 0600 | SHM_NORESERVE)));
}

PROBE(shmget__permission__other_user)
{
	alone();
	call(shmget, KEY, pages(1), IPC_CREAT | 0600);
	become_user();
	saw("read", outcome(call(shmget, KEY, 0, 0400)));
	saw("none", outcome(call(shmget, KEY, 0, 0)));
}

PROBE(shmget__permission__root_passes)
{
	long id;

	alone();
	id = call(shmget, KEY, pages(1), IPC_CREAT | 0000);
	saw("with", same(id, call(shmget, KEY, 0, 0600)) ? outcome(call(shmget, KEY, 0, 0600)) : "");
	drop_capability(15 /* CAP_IPC_OWNER */);
	saw("without", outcome(call(shmget, KEY, 0, 0600)));
}

PROBE(shmget__permission__mode_kept)
{
	struct shmid64_ds about;
	long id;

	alone();
	id = call(shmget, IPC_PRIVATE, pages(1), IPC_CREAT | 0640);
	call(shmctl, id, IPC_STAT, &about);
	saw("mode", textf("%#o", (unsigned)about.shm_perm.mode));
}

PROBE(shmget__huge_pages__pool)
{
	long id;
	char *at;

	alone();
	id = call(shmget, IPC_PRIVATE, 1, IPC_CREAT | SHM_HUGETLB | 0600);
	saw("shmget", outcome(id));
	if (failed(id))
		return;
	at = address(call(shmat, id, NOWHERE, 0));
	saw("whole", yes(pages(mapping_pages(at)) == huge_size()));
	saw("page", yes(pages(smaps_pages(at, "KernelPageSize")) == huge_size()));
	saw("name", mapping_name(at));
	saw("write", poke(at, 'h'));
	call(shmctl, id, IPC_RMID, NULL);
}

PROBE(shmget__huge_pages__beyond_pool)
{
	alone();
	saw("shmget", outcome(call(shmget, IPC_PRIVATE, 1UL << 30, IPC_CREAT | SHM_HUGETLB | 0600)));
}

PROBE(shmget__huge_pages__unknown_size)
{
	alone();
	saw("shmget", outcome(call(shmget, IPC_PRIVATE, 1UL << 21, IPC_CREAT | SHM_HUGETLB | 5 << 26 | 0600)));
}

PROBE(shmget__huge_pages__size_without_flag)
{
	alone();
	saw("shmget", outcome(call(shmget, IPC_PRIVATE, pages(1), IPC_CREAT | 5 << 26 | 0600)));
}

PROBE(shmget__huge_pages__ordinary_user)
{
	alone();
	set_hard_limit(RLIMIT_MEMLOCK, 64UL << 20);
	become_user();
	set_limit(RLIMIT_MEMLOCK, 0);
	saw("no_limit", outcome(call(shmget, IPC_PRIVATE, huge_size(), IPC_CREAT | SHM_HUGETLB | 0600)));
	set_limit(RLIMIT_MEMLOCK, 64UL << 20);
	saw("with_limit", outcome(call(shmget, IPC_PRIVATE, huge_size(), IPC_CREAT | SHM_HUGETLB | 0600)));
}

PROBE(shmget__huge_pages__group)
{
	alone();
	set_knob("/proc/sys/vm/hugetlb_shm_group", "65534");
	become_user();
	set_limit(RLIMIT_MEMLOCK, 0);
	saw("in_group", outcome(call(shmget, IPC_PRIVATE, huge_size(), IPC_CREAT | SHM_HUGETLB | 0600)));
}
