#include "probe.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20 /* linux/fcntl.h */
#endif
#define KNOB "/proc/sys/vm/memfd_noexec"

static const char *seals(int fd)
{
	long now = call(fcntl, fd, F_GET_SEALS, 0);

	return failed(now) ? outcome(now) : textf("%#lx", now);
}

/* Whether the file's mode lets anybody run it: root's access(2) asks for no more. */
static const char *runs(int fd)
{
	const char *seen = outcome(call(faccessat, AT_FDCWD, textf("/proc/self/fd/%d", fd), 1));

	return strcmp(seen, "ok") == 0 ? "may" : seen;
}

/* A new memfd's rights: its seals and whether it may be run. */
static void made_with(unsigned flags)
{
	int fd = (int)call(memfd_create, "farm", flags);

	saw("create", outcome(fd));
	if (failed(fd))
		return;
	saw("seals", seals(fd));
	saw("run", runs(fd));
	saw("chmod_x", outcome(call(fchmod, fd, 0700)));
	saw("run_after", runs(fd));
}

PROBE(memfd_create__executable__default)
{
	made_with(0);
}

PROBE(memfd_create__executable__exec)
{
	made_with(MFD_EXEC);
}

PROBE(memfd_create__executable__noexec_seal)
{
	made_with(MFD_NOEXEC_SEAL);
}

PROBE(memfd_create__executable__noexec_seal_may_be_sealed_further)
{
	int fd = (int)call(memfd_create, "farm", MFD_NOEXEC_SEAL);

	saw("create", outcome(fd));
	if (failed(fd))
		return;
	saw("write", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE)));
	saw("seals", seals(fd));
	saw("chmod_rw", outcome(call(fchmod, fd, 0600)));
}

PROBE(memfd_create__executable__seal_exec)
{
	int fd = memfd("farm", 1, 'm', MFD_ALLOW_SEALING);

	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_EXEC)));
	saw("seals", seals(fd));
	saw("chmod_no_x", outcome(call(fchmod, fd, 0600)));
	saw("pwrite", outcome(call(pwrite64, fd, "w", 1, 0LL)));
}

PROBE(memfd_create__executable__seal_exec_of_not_executable)
{
	int fd = memfd("farm", 1, 'm', MFD_ALLOW_SEALING);

	call(fchmod, fd, 0600);
	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_EXEC)));
	saw("seals", seals(fd));
	saw("chmod_x", outcome(call(fchmod, fd, 0700)));
	saw("pwrite", failed(call(pwrite64, fd, "w", 1, 0LL)) ? "refused" : "ok");
}

PROBE(memfd_create__executable__mapping_may_run)
{
	int plain = memfd("plain", 1, 'm', 0), fd;

	saw("plain", outcome(call(mmap, space(1), pages(1), PROT_READ | PROT_EXEC, MAP_SHARED, plain, 0)));
	fd = (int)call(memfd_create, "noexec", MFD_NOEXEC_SEAL);
	saw("create", outcome(fd));
	if (failed(fd))
		return;
	call(ftruncate, fd, (long long)pages(1));
	saw("noexec", outcome(call(mmap, space(1), pages(1), PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0)));
}

PROBE(memfd_create__memfd_noexec__default)
{
	saw("value", file_word(KNOB));
}

PROBE(memfd_create__memfd_noexec__one)
{
	saw("knob", try_knob(KNOB, "1"));
	made_with(0);
	saw("asked_for_exec", outcome(call(memfd_create, "farm", MFD_EXEC)));
}

PROBE(memfd_create__memfd_noexec__one_with_sealing)
{
	int fd;

	saw("knob", try_knob(KNOB, "1"));
	fd = memfd("farm", 1, 'm', MFD_ALLOW_SEALING);
	saw("seals", seals(fd));
	saw("run", runs(fd));
}

PROBE(memfd_create__memfd_noexec__two)
{
	saw("knob", try_knob(KNOB, "2"));
	made_with(0);
	saw("asked_for_exec", outcome(call(memfd_create, "farm", MFD_EXEC)));
	saw("asked_for_noexec", outcome(call(memfd_create, "farm", MFD_NOEXEC_SEAL)));
}

PROBE(memfd_create__memfd_noexec__values)
{
	saw("three", try_knob(KNOB, "3"));
	saw("raise", try_knob(KNOB, "2"));
	saw("lower", try_knob(KNOB, "0"));
	saw("after", file_word(KNOB));
}
