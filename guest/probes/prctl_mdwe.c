#include "probe.h"
#include <linux/shm.h>

#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT 2 /* linux/prctl.h */
#endif
#define RX (PROT_READ | PROT_EXEC)
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static long mdwe(unsigned long flags)
{
	return call(prctl, PR_SET_MDWE, flags, 0, 0, 0);
}

static const char *state(void)
{
	long now = call(prctl, PR_GET_MDWE, 0, 0, 0, 0);

	return failed(now) ? outcome(now) : textf("%ld", now);
}

static const char *maps_as(int prot)
{
	return outcome(call(mmap, space(1), pages(1), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

PROBE(prctl__set_mdwe__get)
{
	saw("before", state());
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("after", state());
}

PROBE(prctl__set_mdwe__mmap)
{
	saw("before", maps_as(RWX));
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("write_execute", maps_as(RWX));
	saw("execute", maps_as(RX));
	saw("write", maps_as(RW));
	saw("write_execute_without_read", maps_as(PROT_WRITE | PROT_EXEC));
}

PROBE(prctl__set_mdwe__mmap_file)
{
	int fd = memfd("code", 1, 'm', 0);

	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("shared_write_execute", outcome(call(mmap, NULL, pages(1), RWX, MAP_SHARED, fd, 0)));
	saw("shared_execute", outcome(call(mmap, NULL, pages(1), RX, MAP_SHARED, fd, 0)));
	saw("shared_write", outcome(call(mmap, NULL, pages(1), RW, MAP_SHARED, fd, 0)));
}

PROBE(prctl__set_mdwe__mprotect)
{
	char *writable = anon(1, 'k'), *running = anon_with(1, 0, RX, MAP_PRIVATE);
	char *reading = anon_with(1, 0, PROT_READ, MAP_PRIVATE), *both = anon_with(1, 0, RWX, MAP_PRIVATE);

	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("write_to_execute", outcome(call(mprotect, writable, pages(1), RX)));
	saw("read_to_execute", outcome(call(mprotect, reading, pages(1), RX)));
	saw("execute_to_execute", outcome(call(mprotect, running, pages(1), PROT_EXEC)));
	saw("execute_to_write_execute", outcome(call(mprotect, running, pages(1), RWX)));
	saw("execute_to_write", outcome(call(mprotect, running, pages(1), RW)));
	saw("and_back", outcome(call(mprotect, running, pages(1), RX)));
	saw("both_to_both", outcome(call(mprotect, both, pages(1), RWX)));
	saw("both_to_execute", outcome(call(mprotect, both, pages(1), RX)));
}

PROBE(prctl__set_mdwe__cannot_be_taken_back)
{
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("again", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("clear", outcome(mdwe(0)));
	saw("more", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)));
	saw("after", state());
}

PROBE(prctl__set_mdwe__nothing_to_clear)
{
	saw("clear", outcome(mdwe(0)));
	saw("after", state());
}

PROBE(prctl__set_mdwe__fork)
{
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	in_child {
		saw("child", state());
		saw("child_maps", maps_as(RWX));
	}
}

PROBE(prctl__set_mdwe__fork_without_inheritance)
{
	saw("alone", outcome(mdwe(PR_MDWE_NO_INHERIT)));
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)));
	saw("after", state());
	saw("maps", maps_as(RWX));
	in_child {
		saw("child", state());
		saw("child_maps", maps_as(RWX));
	}
}

PROBE(prctl__set_mdwe__arguments)
{
	saw("unknown_flag", outcome(mdwe(4)));
	saw("third", outcome(call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 1, 0, 0)));
	saw("fifth", outcome(call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 1)));
	saw("get_second", outcome(call(prctl, PR_GET_MDWE, 1, 0, 0, 0)));
	saw("after", state());
}

PROBE(prctl__set_mdwe__as_user)
{
	become_user();
	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("maps", maps_as(RWX));
}

PROBE(prctl__set_mdwe__other_ways)
{
	char *at = anon(2, 'k');
	int id;

	saw("set", outcome(mdwe(PR_MDWE_REFUSE_EXEC_GAIN)));
	saw("pkey_mprotect", outcome(call(pkey_mprotect, at, pages(1), RX, -1)));
	id = shm_segment(1, 0100);
	saw("shmat", outcome(call(shmat, id, space(4), SHM_EXEC)));
	saw("shmat_read_only", outcome(call(shmat, id, space(4), SHM_EXEC | SHM_RDONLY)));
}
