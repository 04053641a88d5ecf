#include <linux/fs.h>
#include "probe.h"

enum { CWD = -100 };

static int opened(const char *path, int flags)
{
	int fd = (int)call(openat, CWD, path, flags, 0);

	if (failed(fd))
		broken("%s: %s", path, outcome(fd));
	return fd;
}

/* The parts of linux/fs.h's struct procmap_query, which older headers lack. */
struct query {
	uint64_t size, flags, at, start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};

static long query_of(int fd, struct query *query, uint64_t flags, const void *at)
{
	query->size = query->size ? query->size : sizeof(*query);
	query->flags = flags;
	query->at = (uintptr_t)at;
	note("flags %#llx:", (unsigned long long)flags);
	return call(ioctl, fd, _IOWR('f', 17, struct query), query);
}

PROBE(proc_maps__names__kinds)
{
	volatile char here = 0;

	saw("anonymous", mapping_name(anon(1, 'k')));
	saw("shared", mapping_name(shared_anon(1, 'k')));
	saw("memfd", mapping_name(mapped(memfd("name", 1, 'k', 0), 1, RW, MAP_SHARED)));
	saw("shm", mapping_name(shm_attached(shm_segment(1, 0), 0)));
	saw("dev_zero", mapping_name(mapped(opened("/dev/zero", O_RDWR), 1, RW, MAP_PRIVATE)));
	saw("stack", mapping_name((char *)(uintptr_t)&here));
}

PROBE(proc_maps__names__kernel_made)
{
	saw("vdso", file_has("/proc/self/maps", "[vdso]"));
	saw("vvar", file_has("/proc/self/maps", "[vvar]"));
	saw("vvar_vclock", file_has("/proc/self/maps", "[vvar_vclock]"));
	saw("vsyscall", file_has("/proc/self/maps", "[vsyscall]"));
	saw("sigpage", file_has("/proc/self/maps", "[sigpage]"));
	saw("vectors", file_has("/proc/self/maps", "[vectors]"));
	saw("uprobes", file_has("/proc/self/maps", "[uprobes]"));
	saw("heap", file_has("/proc/self/maps", "[heap]"));
}

PROBE(proc_maps__names__heap)
{
	char *start = address(call(brk, NULL)), *end;

	start = (char *)(((uintptr_t)start + page_size - 1) & ~(page_size - 1));
	end = address(call(brk, start + pages(4)));
	saw("inside", mapping_name(start));
	call(mmap, end, pages(1), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	saw("behind", mapping_name(end));
}

PROBE(proc_maps__names__growing)
{
	saw("name", mapping_name(anon_with(1, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN)));
}

PROBE(proc_maps__names__secret)
{
	int fd = (int)call(memfd_secret, 0);
	char *at;

	saw("memfd_secret", outcome(fd));
	if (failed(fd))
		return;
	call(ftruncate, fd, (long long)pages(1));
	at = address(call(mmap, space(1), pages(1), RW, MAP_SHARED, fd, 0));
	saw("name", failed(at) ? outcome(at) : mapping_name(at));
}

PROBE(proc_maps__names__odd_file_name)
{
	int fd;

	undo_by_unlink("/tmp/new\nline");
	fd = (int)call(openat, CWD, "/tmp/new\nline", O_RDWR | O_CREAT, 0600);
	call(ftruncate, fd, (long long)pages(1));
	saw("name", mapping_name(mapped(fd, 1, RW, MAP_SHARED)));
}

PROBE(proc_maps__names__huge_pages)
{
	saw("private", mapping_name(huge(1, 0, MAP_PRIVATE)));
	saw("shared", mapping_name(huge(1, 0, MAP_SHARED)));
}

PROBE(proc_maps__permission__other_user)
{
	static const char *const files[] = {"maps", "smaps", "smaps_rollup", "pagemap", "mem", "numa_maps",
		"clear_refs", "status", "statm", "oom_score", "map_files", "auxv", "ksm_stat"};
	int parent = (int)call(getpid);
	char *to = anon(1, 'b');

	in_child {
		become_user();
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			const char *path = textf("/proc/%d/%s", parent, files[i]);
			int write_only = strcmp(files[i], "clear_refs") == 0;
			long fd;

			note("%s of another:", files[i]);
			fd = quiet_call(openat, CWD, path, write_only ? O_WRONLY : O_RDONLY, 0);
			if (!failed(fd) && !write_only) {
				long got = quiet_call(read, fd, to, 8L);

				fd = failed(got) ? got : fd;
			}
			saw(files[i], outcome(fd));
		}
	}
}

PROBE(proc_maps__permission__files)
{
	static const char *const files[] = {"maps", "smaps", "smaps_rollup", "pagemap", "mem", "numa_maps",
		"clear_refs", "oom_adj", "oom_score", "oom_score_adj", "map_files", "coredump_filter",
		"ksm_merging_pages", "ksm_stat", "statm", "status", "timerslack_ns", "arch_status", "page_owner"};
	static const char *const whole[] = {"kpageflags", "kpagecount", "kpagecgroup", "pagetypeinfo", "buddyinfo",
		"zoneinfo", "vmallocinfo", "slabinfo", "swaps", "allocinfo", "kcore"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		saw(files[i], yes(!failed(quiet_call(openat, CWD, textf("/proc/self/%s", files[i]), O_PATH, 0))));
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		saw(whole[i], yes(!failed(quiet_call(openat, CWD, textf("/proc/%s", whole[i]), O_PATH, 0))));
}

PROBE(procmap_query__find__covering)
{
	int fd = opened("/proc/self/maps", O_RDONLY);
	char *at = anon(3, 'k');
	struct query query = {0};
	long result = query_of(fd, &query, 0, at + pages(1));

	saw("query", outcome(result));
	if (failed(result))
		return;
	saw("pages", (long)((query.end - query.start) / page_size));
	saw("starts", yes(query.start == (uintptr_t)at));
	saw("flags", (long)query.vma_flags);
	saw("page", yes(query.page_size == page_size));
	saw("none", outcome(query_of(fd, &query, 0, space(1))));
	saw("next", outcome(query_of(fd, &query, 0x10, at - pages(1))));
	saw("next_starts", yes(query.start == (uintptr_t)at));
}

PROBE(procmap_query__find__filters)
{
	int fd = opened("/proc/self/maps", O_RDONLY);
	char *at = anon(1, 'k');
	struct query query = {0};
	long result = query_of(fd, &query, 2, at);

	saw("writable", outcome(result));
	if (result == -25)
		return;
	saw("executable", outcome(query_of(fd, &query, 4, at)));
	saw("shared", outcome(query_of(fd, &query, 8, at)));
	saw("file", outcome(query_of(fd, &query, 0x20, at)));
	saw("unknown", outcome(query_of(fd, &query, 0x40, at)));
}

PROBE(procmap_query__find__name)
{
	int fd = opened("/proc/self/maps", O_RDONLY);
	char *at = mapped(memfd("name", 1, 'k', 0), 1, RW, MAP_SHARED), *name = anon(1, 0);
	struct query query = {.name_size = 200, .name = (uintptr_t)name};
	long result = query_of(fd, &query, 0, at);

	saw("query", outcome(result));
	if (failed(result))
		return;
	saw("name", name);
	saw("size", (long)query.name_size);
	query.name_size = 4;
	saw("short", outcome(query_of(fd, &query, 0, at)));
}

PROBE(procmap_query__find__arguments)
{
	int fd = opened("/proc/self/maps", O_RDONLY);
	char *at = anon(1, 'k'), *large = anon(1, 0);
	struct query query = {.size = 8};

	saw("small", outcome(query_of(fd, &query, 0, at)));
	query.size = 0;
	saw("user_address_in_name", outcome((query.name_size = 8, query_of(fd, &query, 0, at))));
	query = (struct query){.size = sizeof(query) + 64, .at = (uintptr_t)at};
	memcpy(large, &query, sizeof(query));
	saw("larger", outcome(call(ioctl, fd, _IOWR('f', 17, struct query), large)));
	large[sizeof(query) + 8] = 1;
	saw("larger_set", outcome(call(ioctl, fd, _IOWR('f', 17, struct query), large)));
}
