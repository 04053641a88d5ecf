/* Which capability each call asks for that concerns another process or the machine. */
#include <sys/resource.h>
#include "operate.h"
#include "place.h"
#include "privilege.h"
#include "userfault.h"

static char *page;
static int other;

static const char *opened(const char *path, int flags)
{
	long fd = call(openat, AT_FDCWD, path, flags, 0);

	if (!failed(fd))
		quiet_call(close, fd);
	return outcome(fd);
}

/* ---- another process, which is root's ---- */
static const char *advise_other(long advice)
{
	struct vector range = {page, page_size};
	long fd = call(pidfd_open, other, 0), result = call(process_madvise, fd, &range, 1, advice, 0);

	quiet_call(close, fd);
	return outcome(result);
}

static const char *reap_other(long unused)
{
	long fd = call(pidfd_open, other, 0), result = call(process_mrelease, fd, 0);

	(void)unused;
	quiet_call(close, fd);
	return outcome(result);
}

static const char *copy_other(long write)
{
	char letter[1] = {'w'};
	struct vector mine = {letter, 1}, theirs = {page, 1};

	return outcome(write ? call(process_vm_writev, other, &mine, 1, &theirs, 1, 0)
			     : call(process_vm_readv, other, &mine, 1, &theirs, 1, 0));
}

static const char *place_other(long flags)
{
	void *one[] = {page};
	int nodes[] = {0}, status = 0;

	return outcome(call(move_pages, other, 1, one, flags ? nodes : NULL, &status, flags));
}

static const char *migrate_other(long unused)
{
	unsigned long node = 1;

	(void)unused;
	return outcome(call(migrate_pages, other, 8 * sizeof(node), &node, &node));
}

static const char *limit_other(long resource)
{
	uint64_t limit[2];
	long result = call(prlimit64, other, resource, NULL, limit);

	return outcome(failed(result) ? result : call(prlimit64, other, resource, limit, NULL));
}

static const char *file_of_other(long index)
{
	static const char *const names[] = {"maps", "smaps", "smaps_rollup", "pagemap", "mem", "numa_maps", "auxv",
		"environ", "clear_refs", "oom_score_adj", "map_files", "ksm_stat", "ksm_merging_pages", "status",
		"statm", "limits", "coredump_filter"};
	static const char *const write_only = "clear_refs";
	const char *path = textf("/proc/%d/%s", other, names[index]);

	return opened(path, strcmp(names[index], write_only) == 0 ? O_WRONLY : O_RDONLY);
}

PROBE(sweep__privilege_beyond__another_process)
{
	static const struct deed deeds[] = {
		{"process_madvise_willneed", advise_other, 3},
		{"process_madvise_cold", advise_other, 20},
		{"process_madvise_pageout", advise_other, 21},
		{"process_madvise_collapse", advise_other, 25},
		{"process_madvise_dontneed", advise_other, 4},
		{"process_mrelease", reap_other, 0},
		{"process_vm_readv", copy_other, 0},
		{"process_vm_writev", copy_other, 1},
		{"move_pages_query", place_other, 0},
		{"move_pages_move", place_other, MPOL_MF_MOVE},
		{"move_pages_move_all", place_other, MPOL_MF_MOVE_ALL},
		{"migrate_pages", migrate_other, 0},
		{"prlimit_memlock", limit_other, RLIMIT_MEMLOCK},
		{"maps", file_of_other, 0},
		{"smaps", file_of_other, 1},
		{"smaps_rollup", file_of_other, 2},
		{"pagemap", file_of_other, 3},
		{"mem", file_of_other, 4},
		{"numa_maps", file_of_other, 5},
		{"auxv", file_of_other, 6},
		{"environ", file_of_other, 7},
		{"clear_refs", file_of_other, 8},
		{"oom_score_adj", file_of_other, 9},
		{"map_files", file_of_other, 10},
		{"ksm_stat", file_of_other, 11},
		{"ksm_merging_pages", file_of_other, 12},
		{"status", file_of_other, 13},
		{"statm", file_of_other, 14},
		{"limits", file_of_other, 15},
		{"coredump_filter", file_of_other, 16},
		{NULL, NULL, 0},
	};

	page = anon(1, 'k');
	other = other_process();
	privileges(deeds);
	end_other(other);
}

/* ---- the machine ---- */
static const char *advise(long advice)
{
	return outcome(call(madvise, space(1), page_size, advice)); /* of nothing: the permission is asked first */
}

static const char *bind(long flags)
{
	return outcome(bind_pages(page, 1, MPOL_BIND, 1, (int)flags));
}

static const char *swap_on(long on)
{
	return outcome(on ? call(swapon, "/tmp/absent", 0) : call(swapoff, "/tmp/absent"));
}

static const char *watch(long flags)
{
	int fd = userfault((int)flags, 0);

	if (!failed(fd))
		quiet_call(close, fd);
	return outcome(fd);
}

static const char *watch_forks(long feature)
{
	int fd = userfault(1, (uint64_t)feature);

	if (!failed(fd))
		quiet_call(close, fd);
	return outcome(fd);
}

static const char *map_lowest(long unused)
{
	long at = call(mmap, NULL, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	(void)unused;
	if (at == 0)
		call(munmap, NULL, page_size);
	return outcome(at);
}

static const char *frame(long unused)
{
	uint64_t entry = 0;
	long fd = call(openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY, 0);

	(void)unused;
	if (failed(fd))
		return outcome(fd);
	call(pread64, fd, &entry, sizeof(entry), (long long)((uintptr_t)page / page_size * sizeof(entry)));
	quiet_call(close, fd);
	return entry << 9 ? "shown" : "hidden";
}

static const char *file(long index)
{
	static const char *const names[] = {"/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup",
		"/proc/sys/vm/drop_caches", "/proc/sys/vm/overcommit_memory", "/sys/kernel/mm/ksm/run",
		"/sys/kernel/mm/transparent_hugepage/enabled", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/zoneinfo",
		"/proc/vmstat", "/proc/pagetypeinfo", "/dev/userfaultfd", "/dev/mem", "/proc/kcore", "/proc/iomem"};

	return opened(names[index], index >= 3 && index <= 6 ? O_WRONLY : O_RDONLY);
}

/* Lower than ever: what has been granted once is granted to all from then on. */
static const char *less_killable(long lower)
{
	static int lowest;
	const char *score = lower ? textf("%d", --lowest) : "901";
	int fd = (int)call(openat, AT_FDCWD, "/proc/self/oom_score_adj", O_RDWR, 0);
	long result = failed(fd) ? fd : call(write, fd, score, strlen(score));

	quiet_call(close, fd);
	return outcome(result);
}

PROBE(sweep__privilege_beyond__machine)
{
	static const struct deed deeds[] = {
		{"madv_hwpoison", advise, 100},
		{"madv_soft_offline", advise, 101},
		{"mbind_move", bind, MPOL_MF_MOVE},
		{"mbind_move_all", bind, MPOL_MF_MOVE_ALL},
		{"swapon", swap_on, 1},
		{"swapoff", swap_on, 0},
		{"userfaultfd", watch, 0},
		{"userfaultfd_user_mode_only", watch, 1},
		{"userfaultfd_event_fork", watch_forks, UFFD_FEATURE_EVENT_FORK},
		{"mmap_page_zero", map_lowest, 0},
		{"pagemap_frames", frame, 0},
		{"oom_score_adj_lower", less_killable, 1},
		{"oom_score_adj_higher", less_killable, 0},
		{"kpageflags", file, 0},
		{"kpagecount", file, 1},
		{"kpagecgroup", file, 2},
		{"drop_caches", file, 3},
		{"overcommit_memory", file, 4},
		{"ksm_run", file, 5},
		{"thp_enabled", file, 6},
		{"slabinfo", file, 7},
		{"vmallocinfo", file, 8},
		{"zoneinfo", file, 9},
		{"vmstat", file, 10},
		{"pagetypeinfo", file, 11},
		{"dev_userfaultfd", file, 12},
		{"dev_mem", file, 13},
		{"kcore", file, 14},
		{"iomem", file, 15},
		{NULL, NULL, 0},
	};

	page = anon(1, 'k');
	privileges(deeds);
}
