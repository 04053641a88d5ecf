#include <linux/fs.h>
#include "probe.h"
#include "userfault.h"

enum { CWD = -100, SOFT_DIRTY = 55, EXCLUSIVE = 56, GUARD = 58, FILE_PAGE = 61, CAP_ADMIN = 21 };
enum {
	WP_ALLOWED = 1,
	WRITTEN = 2,
	IS_FILE = 4,
	PRESENT = 8,
	ZERO = 32,
	HUGE = 64,
	IS_SOFT_DIRTY = 128,
	IS_GUARD = 256
};

static int opened(const char *path, int flags)
{
	int fd = (int)call(openat, CWD, path, flags, 0);

	if (failed(fd))
		broken("%s: %s", path, outcome(fd));
	return fd;
}

static uint64_t entry_at(const char *path, uint64_t index)
{
	int fd = opened(path, O_RDONLY);
	uint64_t *entry = (uint64_t *)(void *)anon(1, 0);
	long got = quiet_call(pread64, fd, entry, sizeof(*entry), (long long)(index * sizeof(*entry)));

	if (got != sizeof(*entry))
		broken("%s: %s", path, outcome(got));
	return *entry;
}

static uint64_t frame_number(const char *at)
{
	return entry_at("/proc/self/pagemap", (uintptr_t)at / page_size) & ((1ULL << 55) - 1);
}

/* Some bits of a page's flags in /proc/kpageflags, those that say what it is. */
static const char *kind_of(const char *at)
{
	static const struct {
		int bit;
		const char *name;
	} bits[] = {{11, "mmap"}, {12, "anon"}, {14, "swapbacked"}, {17, "huge"}, {19, "hwpoison"}, {21, "ksm"},
		{22, "thp"}, {24, "zero"}, {26, "pgtable"}};
	uint64_t flags = entry_at("/proc/kpageflags", frame_number(at));
	char text[150] = "";

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (flags >> bits[i].bit & 1) {
			strcat(text, *text ? " " : "");
			strcat(text, bits[i].name);
		}
	return textf("%s", text);
}

/* PAGEMAP_SCAN over n pages: how many regions match, or the errno; the categories of the first in *first. */
static long scan(char *at, long n, uint64_t flags, uint64_t mask, uint64_t returned, uint64_t *first)
{
	static struct page_region regions[8];
	struct pm_scan_arg arg = {.size = sizeof(arg),
		.flags = flags,
		.start = (uintptr_t)at,
		.end = (uintptr_t)at + pages(n),
		.vec = (uintptr_t)regions,
		.vec_len = 8,
		.category_mask = mask,
		.return_mask = returned};
	int fd = opened("/proc/self/pagemap", O_RDONLY);

	memset(regions, 0, sizeof(regions));
	note("flags %llu, mask %#llx:", (unsigned long long)flags, (unsigned long long)mask);
	long result = call(ioctl, fd, PAGEMAP_SCAN, &arg);

	*first = regions[0].categories;
	return result;
}

static void saw_scan(const char *word, long result)
{
	if (failed(result))
		saw(word, outcome(result));
	else
		saw(word, result);
}

PROBE(pagemap__bits__kinds)
{
	char *at = anon(1, 'k'), *shared = shared_anon(1, 'k'), *zero = anon(1, 0), *untouched = anon(1, 0);

	peek(zero);
	saw("anonymous_file", page_bit(at, FILE_PAGE));
	saw("anonymous_once", page_bit(at, EXCLUSIVE));
	saw("shared_file", page_bit(shared, FILE_PAGE));
	saw("shared_once", page_bit(shared, EXCLUSIVE));
	saw("zero_file", page_bit(zero, FILE_PAGE));
	saw("zero_once", page_bit(zero, EXCLUSIVE));
	saw("untouched", populated(untouched, 1));
	in_child
		saw("child_once", page_bit(at, EXCLUSIVE));
}

PROBE(pagemap__bits__huge)
{
	char *at;

	thp("always");
	at = anon(512, 0);
	poke(at, 'k');
	saw("first_once", page_bit(at, EXCLUSIVE));
	saw("inner_once", page_bit(at + pages(100), EXCLUSIVE));
	saw("file", page_bit(at + pages(100), FILE_PAGE));
}

PROBE(pagemap__bits__soft_dirty)
{
	char *at = anon(2, 'k');
	int fd = opened("/proc/self/clear_refs", O_WRONLY);

	saw("written", page_bit(at, SOFT_DIRTY));
	saw("clear", outcome(call(write, fd, "4", 1L)));
	saw("cleared", page_bit(at, SOFT_DIRTY));
	saw("flag_cleared", vm_flag(at, "sd"));
	poke(at, 'w');
	saw("after_write", page_bit(at, SOFT_DIRTY));
	saw("not_written", page_bit(at + pages(1), SOFT_DIRTY));
}

PROBE(pagemap__bits__soft_dirty_merge)
{
	char *low = space(4), *at;
	int fd = opened("/proc/self/clear_refs", O_WRONLY), flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	at = address(call(mmap, low, pages(2), RW, flags, -1, 0));
	fill(at, 2, 'k');
	call(write, fd, "4", 1L);
	call(mmap, low + pages(2), pages(2), RW, flags, -1, 0);
	saw("pages", mapping_pages(low));
	saw("old_flag", vm_flag(low, "sd"));
	saw("new_flag", vm_flag(low + pages(2), "sd"));
	saw("old_bit", page_bit(low, SOFT_DIRTY));
	saw("untouched_bit", page_bit(low + pages(2), SOFT_DIRTY));
}

PROBE(pagemap__bits__soft_dirty_mremap)
{
	char *at = anon(1, 'k'), *to = space(1);
	int fd = opened("/proc/self/clear_refs", O_WRONLY);

	call(write, fd, "4", 1L);
	call(mremap, at, pages(1), pages(1), MREMAP_MAYMOVE | MREMAP_FIXED, to);
	saw("moved", page_bit(to, SOFT_DIRTY));
}

PROBE(pagemap__bits__guard_region)
{
	char *at = anon(2, 'k');
	long result = call(madvise, at, pages(1), MADV_GUARD_INSTALL);

	saw("madvise", outcome(result));
	saw("guard", page_bit(at, GUARD));
	saw("other", page_bit(at + pages(1), GUARD));
}

PROBE(pagemap__bits__frame_hidden)
{
	char *at = anon(1, 'k');

	saw("root", yes(frame_number(at) != 0));
	drop_capability(CAP_ADMIN);
	saw("dropped", yes(frame_number(at) != 0));
	saw("present", populated(at, 1));
}

PROBE(pagemap__bits__access)
{
	int fd = opened("/proc/self/pagemap", O_RDONLY);
	char *to = anon(1, 'b');

	saw("part", outcome(call(pread64, fd, to, 4, 0LL)));
	saw("unaligned", outcome(call(pread64, fd, to, 8, 4LL)));
	saw_scan("beyond", call(pread64, fd, to, 8, 1LL << 55));
	saw("open_to_write", outcome(call(openat, CWD, "/proc/self/pagemap", O_RDWR, 0)));
	saw("write", outcome(call(write, fd, to, 8)));
}

PROBE(pagemap_scan__find__present)
{
	char *at = anon(6, 0);
	uint64_t first;

	poke_pages(at, 2, 'k');
	poke(at + pages(4), 'k');
	saw_scan("regions", scan(at, 6, 0, PRESENT, PRESENT, &first));
	saw("first", (long)first);
}

PROBE(pagemap_scan__find__categories)
{
	char *zero = anon(1, 0), *file = mapped(scratch_file(1, 'a'), 1, RW, MAP_SHARED), *guard = anon(1, 'k');
	char *plain = anon(1, 'k');
	uint64_t all = WP_ALLOWED | WRITTEN | IS_FILE | PRESENT | ZERO | HUGE | IS_SOFT_DIRTY, first;

	peek(zero);
	peek(file);
	call(madvise, guard, pages(1), MADV_GUARD_INSTALL);
	saw_scan("zero", scan(zero, 1, 0, 0, all, &first));
	saw("zero_is", textf("%#llx", (unsigned long long)first));
	scan(file, 1, 0, 0, all, &first);
	saw("file_is", textf("%#llx", (unsigned long long)first));
	scan(plain, 1, 0, 0, all, &first);
	saw("plain_is", textf("%#llx", (unsigned long long)first));
	saw_scan("guard", scan(guard, 1, 0, IS_GUARD, IS_GUARD, &first));
	saw("guard_is", textf("%#llx", (unsigned long long)first));
}

PROBE(pagemap_scan__find__write_protect)
{
	char *at = anon(4, 'k');
	int fd = userfault(0, 1 << 15 | 1 << 13 /* UFFD_FEATURE_WP_ASYNC, WP_UNPOPULATED */);
	uint64_t first;

	saw("userfaultfd", outcome(fd));
	if (failed(fd))
		return;
	saw("register", outcome(uffd_register(fd, at, pages(4), 2 /* WP */)));
	saw_scan("first", scan(at, 4, 3, WRITTEN, WRITTEN, &first));
	saw_scan("second", scan(at, 4, 3, WRITTEN, WRITTEN, &first));
	poke(at + pages(2), 'w');
	saw_scan("third", scan(at, 4, 3, WRITTEN, WRITTEN, &first));
}

PROBE(pagemap_scan__find__refused)
{
	char *at = anon(2, 'k');
	uint64_t first;

	saw_scan("not_watched", scan(at, 2, 3, WRITTEN, WRITTEN, &first));
	saw_scan("flags", scan(at, 2, 8, PRESENT, PRESENT, &first));
	saw_scan("category", scan(at, 2, 0, 1 << 20, PRESENT, &first));
	saw_scan("unaligned", scan(at + 8, 2, 0, PRESENT, PRESENT, &first));
	saw_scan("nothing_mapped", scan(space(2), 2, 0, PRESENT, PRESENT, &first));
	saw_scan("nothing_asked", scan(at, 2, 0, 0, 0, &first));
}

PROBE(kpageflags__kinds__plain)
{
	char *at = anon(1, 'k'), *shared = shared_anon(1, 'k'), *zero = anon(1, 0);
	char *file = mapped(scratch_file(1, 'a'), 1, RW, MAP_SHARED);

	peek(zero);
	peek(file);
	saw("anonymous", kind_of(at));
	saw("shared", kind_of(shared));
	saw("file", kind_of(file));
	saw("zero", kind_of(zero));
}

PROBE(kpageflags__kinds__huge)
{
	char *at, *zero;

	thp("always");
	at = anon(512, 0);
	zero = anon(512, 0);
	poke(at, 'k');
	peek(zero);
	saw("first", kind_of(at));
	saw("inner", kind_of(at + pages(100)));
	saw("zero", kind_of(zero));
	saw("zero_inner", kind_of(zero + pages(100)));
}

PROBE(kpageflags__kinds__hugetlb)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	saw("first", kind_of(at));
	saw("inner", kind_of(at + pages(100)));
}

PROBE(kpageflags__kinds__count)
{
	char *at = anon(1, 'k');

	saw("alone", (long)entry_at("/proc/kpagecount", frame_number(at)));
	in_child
		saw("with_child", (long)entry_at("/proc/kpagecount", frame_number(at)));
}

PROBE(kpageflags__kinds__ordinary_user)
{
	become_user();
	saw("flags", outcome(call(openat, CWD, "/proc/kpageflags", O_RDONLY, 0)));
	saw("count", outcome(call(openat, CWD, "/proc/kpagecount", O_RDONLY, 0)));
}
