#include "probe.h"
#include <linux/wait.h>

PROBE(remap_file_pages__rearrange__shared_file)
{
	char *at = mapped(scratch_file(4, 'f'), 4, RW, MAP_SHARED);

	saw("remap", outcome(call(remap_file_pages, at, pages(1), 0, 3, 0)));
	saw("content", contents(at, 4));
	saw("write", poke(at, 'w'));
	saw("content_after", contents(at, 4));
	saw("pieces", mapping_pages(at));
}

PROBE(remap_file_pages__rearrange__kinds_of_mapping)
{
	saw("private_file",
		outcome(call(remap_file_pages, mapped(scratch_file(2, 'f'), 2, RW, MAP_PRIVATE), pages(1), 0, 1, 0)));
	saw("shared_ext4",
		outcome(call(remap_file_pages, mapped(ext4_file(2, 'f'), 2, RW, MAP_SHARED), pages(1), 0, 1, 0)));
	saw("private_anonymous", outcome(call(remap_file_pages, anon(2, 'k'), pages(1), 0, 1, 0)));
	saw("shared_anonymous", outcome(call(remap_file_pages, shared_anon(2, 's'), pages(1), 0, 1, 0)));
	saw("nothing_there", outcome(call(remap_file_pages, space(1), pages(1), 0, 1, 0)));
}

PROBE(remap_file_pages__rearrange__arguments)
{
	char *at = mapped(scratch_file(4, 'f'), 4, RW, MAP_SHARED);

	saw("prot", outcome(call(remap_file_pages, at, pages(1), PROT_READ, 1, 0)));
	saw("nonblock", outcome(call(remap_file_pages, at, pages(1), 0, 1, MAP_NONBLOCK)));
	saw("no_length", outcome(call(remap_file_pages, at, 0, 0, 1, 0)));
	saw("too_long", outcome(call(remap_file_pages, at, pages(5), 0, 0, 0)));
	saw("offset_overflow", outcome(call(remap_file_pages, at, pages(2), 0, ~0UL, 0)));
	saw("beyond_end", outcome(call(remap_file_pages, at, pages(1), 0, 9, 0)));
	saw("touch", peek(at));
}

PROBE(remap_file_pages__rearrange__locked)
{
	char *at = mapped(scratch_file(4, 'f'), 4, RW, MAP_SHARED);

	call(mlock, at, pages(4));
	saw("remap", outcome(call(remap_file_pages, at, pages(1), 0, 3, 0)));
	saw("locked", vm_flag(at, "lo"));
	saw("populated", populated(at, 4));
}

PROBE(remap_file_pages__rearrange__across_pieces)
{
	char *at = mapped(scratch_file(4, 'f'), 4, RW, MAP_SHARED);

	call(remap_file_pages, at, pages(1), 0, 3, 0);
	saw("both", outcome(call(remap_file_pages, at, pages(2), 0, 1, 0)));
	saw("content", contents(at, 4));
	call(mprotect, at + pages(2), pages(1), PROT_READ);
	saw("other_protection", outcome(call(remap_file_pages, at + pages(1), pages(2), 0, 0, 0)));
}

PROBE(map_shadow_stack__create_shadow_stack__accepted)
{
	char *at = address(call(map_shadow_stack, NOWHERE, pages(2), 1));

	saw("map", outcome(at));
	if (failed(at))
		return;
	saw("flag", vm_flag(at, "ss"));
	saw("write", poke(at, 'w'));
}

PROBE(map_shadow_stack__create_shadow_stack__arguments)
{
	saw("no_flags", outcome(call(map_shadow_stack, NOWHERE, pages(1), 0)));
	saw("marker", outcome(call(map_shadow_stack, NOWHERE, pages(1), 2)));
	saw("unknown_flag", outcome(call(map_shadow_stack, NOWHERE, pages(1), 0x10)));
	saw("no_length", outcome(call(map_shadow_stack, NOWHERE, 0, 1)));
	saw("low_address", outcome(call(map_shadow_stack, space(1), pages(1), 1)));
}

PROBE(process_mrelease__reap__not_dying)
{
	int pid = other_process(), fd = (int)call(pidfd_open, pid, 0);

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	saw("other", outcome(call(process_mrelease, fd, 0)));
	saw("flags", outcome(call(process_mrelease, fd, 1)));
	saw("bad_descriptor", outcome(call(process_mrelease, -1, 0)));
	saw("another_kind", outcome(call(process_mrelease, scratch_file(1, 0), 0)));
	saw("oneself", outcome(call(process_mrelease, (int)call(pidfd_open, call(getpid), 0), 0)));
}

PROBE(process_mrelease__reap__zombie)
{
	int pid = other_process(), fd = (int)call(pidfd_open, pid, 0);
	uint64_t info[16];

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	call(kill, pid, 9);
	if (failed(call(waitid, P_PID, pid, info, WEXITED | WNOWAIT, NULL)))
		broken("waitid");
	saw("zombie", outcome(call(process_mrelease, fd, 0)));
	end_other(pid);
	saw("gone", outcome(call(process_mrelease, fd, 0)));
}

PROBE(process_mrelease__reap__of_another_user)
{
	int pid = other_process(), fd = (int)call(pidfd_open, pid, 0);

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	become_user();
	saw("of_root", outcome(call(process_mrelease, fd, 0)));
}
