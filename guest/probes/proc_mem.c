#include "probe.h"

enum { CWD = -100, CAP_PTRACE = 19, CAP_RESOURCE = 24 };

static int mem_of(int pid)
{
	int fd = (int)quiet_call(openat, CWD, pid ? textf("/proc/%d/mem", pid) : "/proc/self/mem", O_RDWR, 0);

	if (failed(fd))
		broken("/proc/PID/mem: %s", outcome(fd));
	note("%d = /proc/%s/mem", fd, pid ? "OTHER" : "self");
	return fd;
}

static const char *write_mem(int fd, char *at, const char *from)
{
	return outcome(call(pwrite64, fd, from, 16, (long long)(uintptr_t)at));
}

static const char *read_mem(int fd, char *at)
{
	char *to = anon(1, 0);
	long got = call(pread64, fd, to, 16, (long long)(uintptr_t)at);

	return failed(got) ? outcome(got) : got == 0 ? "end" : peek(to);
}

static const char *written(const char *path, const char *text)
{
	int fd = (int)call(openat, CWD, path, O_WRONLY, 0);

	return outcome(failed(fd) ? fd : call(write, fd, text, strlen(text)));
}

PROBE(proc_mem__access__plain)
{
	int fd = mem_of(0);
	char *at = anon(1, 'k'), *from = anon(1, 'w');

	saw("read", read_mem(fd, at));
	saw("write", write_mem(fd, at, from));
	saw("now", peek(at));
	saw("nothing", read_mem(fd, space(1)));
	saw("write_nothing", write_mem(fd, space(1), from));
}

PROBE(proc_mem__access__forced_private)
{
	int fd = mem_of(0);
	char *at = anon(1, 'k'), *from = anon(1, 'w');

	call(mprotect, at, pages(1), PROT_READ);
	saw("write", write_mem(fd, at, from));
	saw("now", peek(at));
	saw("after", poke(at, 'x'));
}

PROBE(proc_mem__access__forced_file)
{
	int mem = mem_of(0), fd = scratch_file(1, 'a');
	char *from = anon(1, 'w'), *private = mapped(fd, 1, PROT_READ, MAP_PRIVATE);
	char *shared = mapped(fd, 1, PROT_READ, MAP_SHARED);

	saw("private", write_mem(mem, private, from));
	saw("private_now", peek(private));
	saw("shared", write_mem(mem, shared, from));
	saw("shared_now", peek(shared));
}

PROBE(proc_mem__access__forced_inaccessible)
{
	int fd = mem_of(0);
	char *at = anon(1, 'k'), *from = anon(1, 'w');

	call(mprotect, at, pages(1), PROT_NONE);
	saw("read", read_mem(fd, at));
	saw("write", write_mem(fd, at, from));
}

PROBE(proc_mem__access__forced_execute_only)
{
	int fd = mem_of(0);
	char *at = anon(1, 'k');

	call(mprotect, at, pages(1), PROT_EXEC);
	saw("read", read_mem(fd, at));
}

PROBE(proc_mem__access__forced_other)
{
	char *at = anon(1, 'k'), *from = anon(1, 'w');
	int pid;

	call(mprotect, at, pages(1), PROT_READ);
	pid = other_process();
	saw("write", write_mem(mem_of(pid), at, from));
	saw("read", read_mem(mem_of(pid), at));
	saw("ours", peek(at));
}

PROBE(proc_mem__access__special_kinds)
{
	int fd = mem_of(0), secret = (int)call(memfd_secret, 0);
	char *from = anon(1, 'w'), *sealed = anon(1, 'k'), *guard = anon(1, 'k'), *at = NULL;

	saw("beyond", read_mem(fd, mapped(scratch_file(1, 'a'), 2, RW, MAP_SHARED) + pages(1)));
	call(mprotect, sealed, pages(1), PROT_READ);
	saw("mseal", outcome(call(mseal, sealed, pages(1), 0)));
	saw("sealed", write_mem(fd, sealed, from));
	saw("guard_install", outcome(call(madvise, guard, pages(1), MADV_GUARD_INSTALL)));
	saw("guard", read_mem(fd, guard));
	saw("secret", outcome(secret));
	if (failed(secret))
		return;
	call(ftruncate, secret, (long long)pages(1));
	at = address(call(mmap, space(1), pages(1), RW, MAP_SHARED, secret, 0));
	saw("secret_mmap", outcome(at));
	if (failed(at))
		return;
	poke(at, 's');
	saw("secret_read", read_mem(fd, at));
}

PROBE(proc_mem__access__huge_page)
{
	int fd = mem_of(0);
	char *at = huge(1, 'h', MAP_PRIVATE), *from = anon(1, 'w');

	saw("read", read_mem(fd, at));
	saw("write", write_mem(fd, at, from));
	call(mprotect, at, huge_size(), PROT_READ);
	saw("forced", write_mem(fd, at, from));
}

PROBE(proc_mem__access__partial)
{
	int fd = mem_of(0);
	char *at = anon(2, 'k'), *to = anon(1, 0);

	call(munmap, at + pages(1), pages(1));
	saw("got", call(pread64, fd, to, 16, (long long)(uintptr_t)(at + page_size - 8)));
}

PROBE(proc_mem__access__opened_before_exec)
{
	int pid, fd;
	char *at = anon(1, 'k');

	pid = other_process();
	fd = mem_of(pid);
	end_other(pid);
	saw("read", read_mem(fd, at));
}

PROBE(proc_clear_refs__values__accepted)
{
	const char *const path = "/proc/self/clear_refs";

	saw("zero", written(path, "0"));
	saw("one", written(path, "1"));
	saw("two", written(path, "2"));
	saw("three", written(path, "3"));
	saw("four", written(path, "4"));
	saw("five", written(path, "5"));
	saw("six", written(path, "6"));
	saw("text", written(path, "x"));
	saw("read", outcome(call(openat, CWD, path, O_RDONLY, 0)));
}

PROBE(proc_clear_refs__values__referenced)
{
	char *at = anon(2, 'k'), *file = mapped(scratch_file(2, 'a'), 2, RW, MAP_SHARED);

	contents(file, 2);
	saw("before", smaps_pages(at, "Referenced"));
	written("/proc/self/clear_refs", "2");
	saw("anonymous", smaps_pages(at, "Referenced"));
	saw("file_kept", smaps_pages(file, "Referenced"));
	written("/proc/self/clear_refs", "3");
	saw("file", smaps_pages(file, "Referenced"));
}

PROBE(proc_clear_refs__values__peak)
{
	char *at = anon(4000, 0);
	long peak;

	poke_pages(at, 4000, 'k');
	call(munmap, at, pages(4000));
	peak = proc_number("/proc/self/status", "VmHWM");
	written("/proc/self/clear_refs", "5");
	saw("fell", yes(proc_number("/proc/self/status", "VmHWM") < peak - 3000 * (long)page_size / 1024));
}

PROBE(proc_oom_score_adj__values__range)
{
	const char *const path = "/proc/self/oom_score_adj";

	saw("lowest", written(path, "-1000"));
	saw("below", written(path, "-1001"));
	saw("above", written(path, "1001"));
	saw("text", written(path, "x"));
	saw("highest", written(path, "1000"));
	saw("value", file_word(path));
}

PROBE(proc_oom_score_adj__values__privilege)
{
	const char *const path = "/proc/self/oom_score_adj";

	written(path, "100");
	drop_capability(CAP_RESOURCE);
	saw("raise", written(path, "200"));
	saw("lower", written(path, "100"));
	saw("below", written(path, "99"));
}

PROBE(proc_oom_score_adj__values__inherited)
{
	written("/proc/self/oom_score_adj", "321");
	in_child
		saw("child", file_word("/proc/self/oom_score_adj"));
}

PROBE(proc_oom_score_adj__values__legacy)
{
	saw("write", written("/proc/self/oom_adj", "15"));
	saw("new", file_word("/proc/self/oom_score_adj"));
	saw("disable", written("/proc/self/oom_adj", "-17"));
	saw("disabled", file_word("/proc/self/oom_score_adj"));
}

PROBE(proc_numa_maps__lines__fields)
{
	anon(37, 'A');
	saw("there", file_has("/proc/self/numa_maps", "default"));
	saw("line", file_has("/proc/self/numa_maps", " default anon=37 dirty=37"));
	saw("node", file_has("/proc/self/numa_maps", "N0=37 kernelpagesize_kB="));
	saw("stack", file_has("/proc/self/numa_maps", " stack "));
}
