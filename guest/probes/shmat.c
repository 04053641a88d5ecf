#include <linux/resource.h>
#include <linux/shm.h>
#include "probe.h"

static long attached(int id)
{
	struct shmid64_ds about;
	long result = call(shmctl, id, IPC_STAT, &about);

	return failed(result) ? result : (long)about.shm_nattch;
}

PROBE(shmat__attach__kernel_chooses)
{
	char *at = address(call(shmat, shm_segment(3, 0), NOWHERE, 0));

	saw("shmat", outcome(at));
	if (failed(at))
		return;
	saw("protection", protection(at));
	saw("pages", mapping_pages(at));
	saw("vm_shared", vm_flag(at, "sh"));
	saw("flags", vm_flags(at));
	saw("populated", populated(at, 3));
}

PROBE(shmat__attach__name)
{
	saw("name", mapping_name(shm_attached(shm_segment(1, 0), 0)));
}

PROBE(shmat__attach__twice)
{
	int id = shm_segment(1, 0);
	char *one = shm_attached(id, 0), *other = shm_attached(id, 0);

	poke(one, 'a');
	saw("first", peek(one));
	saw("second", peek(other));
	saw("attached", attached(id));
}

PROBE(shmat__attach__unaligned)
{
	int id = shm_segment(1, 0);

	saw("shmat", outcome(call(shmat, id, space(4) + 8, 0)));
}

PROBE(shmat__attach__bad_id)
{
	int id = shm_segment(1, 0);

	saw("negative", outcome(call(shmat, -1, NOWHERE, 0)));
	saw("unknown", outcome(call(shmat, id + 1, NOWHERE, 0)));
	call(shmctl, id, IPC_RMID, NULL);
	saw("removed", outcome(call(shmat, id, NOWHERE, 0)));
}

PROBE(shmat__attach__marked_for_removal)
{
	int id = shm_segment(1, 0);

	shm_attached(id, 0);
	call(shmctl, id, IPC_RMID, NULL);
	saw("shmat", outcome(call(shmat, id, NOWHERE, 0)));
}

PROBE(shmat__attach__occupied)
{
	char *there = anon(1, 'k');
	int id = shm_segment(1, 0);

	saw("shmat", outcome(call(shmat, id, there, 0)));
	saw("kept", peek(there));
}

PROBE(shmat__attach__address_space_limit)
{
	int id = shm_segment(64, 0);

	set_limit(RLIMIT_AS, pages(64));
	saw("shmat", outcome(call(shmat, id, NOWHERE, 0)));
}

PROBE(shmat__attach__unknown_flags)
{
	int id = shm_segment(1, 0);
	unsigned refused = 0;

	for (int bit = 0; bit < 31; bit++)
		if (bit != 12 && bit != 13 && bit != 14 && bit != 15 && failed(call(shmat, id, NOWHERE, 1u << bit)))
			refused |= 1u << bit;
	saw("refused", refused ? textf("%#x", refused) : "0");
}

PROBE(shmat__attach__future_locked)
{
	int id = shm_segment(4, 0);
	char *at;

	call(mlockall, 2 /* MCL_FUTURE */);
	at = address(call(shmat, id, space(4), 0));
	saw("shmat", outcome(at));
	if (failed(at))
		return;
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 4));
}

PROBE(shmat__attach__future_locked_beyond_limit)
{
	int id = shm_segment(64, 0);

	set_limit(RLIMIT_MEMLOCK, pages(4));
	drop_capability(14 /* CAP_IPC_LOCK */);
	call(mlockall, 2 | 4 /* MCL_FUTURE | MCL_ONFAULT */);
	saw("shmat", outcome(call(shmat, id, NOWHERE, 0)));
}

PROBE(shmat__permission__other_user)
{
	int id = shm_segment(1, 0);

	become_user();
	saw("write", outcome(call(shmat, id, NOWHERE, 0)));
	saw("read", outcome(call(shmat, id, NOWHERE, SHM_RDONLY)));
}

PROBE(shmat__permission__readable_by_others)
{
	int id = shm_segment(1, 0004);

	become_user();
	saw("write", outcome(call(shmat, id, NOWHERE, 0)));
	saw("read", outcome(call(shmat, id, NOWHERE, SHM_RDONLY)));
	saw("exec", outcome(call(shmat, id, NOWHERE, SHM_RDONLY | SHM_EXEC)));
}

PROBE(shmat__read_only__write_faults)
{
	char *at = shm_attached(shm_segment(1, 0), SHM_RDONLY);

	saw("protection", protection(at));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}

PROBE(shmat__read_only__no_mprotect)
{
	char *at = shm_attached(shm_segment(1, 0), SHM_RDONLY);

	saw("mprotect", outcome(call(mprotect, at, pages(1), RW)));
}

PROBE(shmat__execute__runs)
{
	char *at = shm_attached(shm_segment(1, 0), SHM_EXEC);

	saw("protection", protection(at));
	put_code(at);
	saw("run", execute(at));
}

PROBE(shmat__execute__without)
{
	char *at = shm_attached(shm_segment(1, 0), 0);

	put_code(at);
	saw("run", execute(at));
	saw("mprotect", outcome(call(mprotect, at, pages(1), RW | PROT_EXEC)));
}

PROBE(shmat__execute__needs_permission)
{
	int closed = shm_segment(1, 0006), open = shm_segment(1, 0007);

	become_user();
	saw("without", outcome(call(shmat, closed, NOWHERE, SHM_EXEC)));
	saw("with", outcome(call(shmat, open, NOWHERE, SHM_EXEC)));
}

PROBE(shmat__round_down__rounds)
{
	int id = shm_segment(1, 0);
	char *to = space(32), *at = address(call(shmat, id, to + 8, SHM_RND));

	saw("shmat", outcome(at));
	saw("rounded", yes(at == to));
}

PROBE(shmat__round_down__to_zero)
{
	int id = shm_segment(1, 0777);

	become_user();
	saw("user", outcome(call(shmat, id, (char *)8, SHM_RND)));
	saw("remap", outcome(call(shmat, id, (char *)8, SHM_RND | SHM_REMAP)));
}

PROBE(shmat__replace_mapping__over_anonymous)
{
	char *there = anon(4, 'k');
	int id = shm_segment(3, 0);
	long at = call(shmat, id, there, SHM_REMAP);

	saw("shmat", outcome(at));
	saw("there", contents(there, 3));
	saw("behind", peek(there + pages(3)));
}

PROBE(shmat__replace_mapping__null)
{
	saw("shmat", outcome(call(shmat, shm_segment(1, 0), NOWHERE, SHM_REMAP)));
}

PROBE(shmat__replace_mapping__over_itself)
{
	int id = shm_segment(1, 0);
	char *at = shm_attached(id, 0);

	saw("shmat", outcome(call(shmat, id, at, SHM_REMAP)));
	saw("attached", attached(id));
}

PROBE(shmat__replace_mapping__over_sealed)
{
	char *there = anon(1, 'k');
	int id = shm_segment(1, 0);
	long sealed = call(mseal, there, pages(1), 0);

	saw("mseal", outcome(sealed));
	if (failed(sealed))
		return;
	saw("shmat", outcome(call(shmat, id, there, SHM_REMAP)));
	saw("kept", peek(there));
}

PROBE(shmat__count_attaches__fork)
{
	int id = shm_segment(1, 0);

	shm_attached(id, 0);
	saw("before", attached(id));
	in_child
		saw("during", attached(id));
	saw("after", attached(id));
}

PROBE(shmat__count_attaches__exec)
{
	int id = shm_segment(1, 0);
	const char *argv[] = {"checker", "list", NULL}, *none[] = {NULL};

	shm_attached(id, 0);
	in_child {
		saw("during", attached(id));
		call(execve, "/proc/self/exe", argv, none);
	}
	saw("child", child_end());
	saw("after", attached(id));
}

PROBE(shmat__count_attaches__split)
{
	int id = shm_segment(3, 0);
	char *at = shm_attached(id, 0);

	saw("whole", attached(id));
	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("split", attached(id));
}

PROBE(shmat__count_attaches__mremap)
{
	int id = shm_segment(2, 0);
	char *at = shm_attached(id, 0), *moved;

	moved = address(call(mremap, at, pages(2), pages(4), MREMAP_MAYMOVE));
	saw("grow", outcome(moved));
	if (failed(moved))
		return;
	saw("beyond", peek(moved + pages(3)));
	saw("attached", attached(id));
}
