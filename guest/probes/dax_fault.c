/* Faults on persistent memory: what is mapped, what is counted, what lies behind the end. */
#include "dax.h"

enum { END = 2 /* SEEK_END */, DATA = 3 /* SEEK_DATA */ };

static char *shared(int fd, long n)
{
	char *at = pmem_map(fd, n, RW, MAP_SHARED);

	if (failed(at))
		broken("a shared mapping: %s", outcome(at));
	return at;
}

static const char *first_data(int fd)
{
	long at = call(lseek, fd, 0, DATA);

	return failed(at) ? outcome(at) : "data";
}

PROBE(dax__fault__read)
{
	char *at = shared(pmem(4, 'd'), 4);

	saw("before", populated(at, 4));
	saw("read", peek(at + pages(1)));
	saw("one", populated(at + pages(1), 1));
	saw("resident", residency(at, 4));
}

PROBE(dax__fault__write)
{
	int fd = pmem(4, 'd');
	char *at = shared(fd, 4), *other = shared(fd, 4);

	saw("write", poke(at + pages(1), 'w'));
	saw("other_mapping", contents(other, 4));
	saw("same_frame", yes(frame_of(at + pages(1)) == frame_of(other + pages(1))));
}

PROBE(dax__fault__write_after_read)
{
	char *at = shared(pmem(2, 'd'), 2);
	unsigned long frame;

	saw("read", peek(at));
	frame = frame_of(at);
	saw("write", poke(at, 'w'));
	saw("same_frame", yes(frame == frame_of(at)));
}

PROBE(dax__fault__hole)
{
	int fd = dax_file(4, 0);
	char *at = mapped(fd, 4, RW, MAP_SHARED), *other = mapped(fd, 4, RW, MAP_SHARED);
	unsigned long frame;

	saw("read", contents(at, 4));
	saw("after_read", first_data(fd));
	saw("one_zero_page", yes(frame_of(at) == frame_of(at + pages(1))));
	peek(other);
	frame = frame_of(other);
	saw("write", poke(at, 'w'));
	saw("after_write", first_data(fd));
	saw("other_mapping", peek(other));
	saw("moved", yes(frame != frame_of(other)));
	saw("rest", contents(at, 4));
}

PROBE(dax__fault__beyond_the_end)
{
	int fd = dax_file(2, 'd');
	char *at = mapped(fd, 4, RW, MAP_SHARED), *own = mapped(fd, 4, RW, MAP_PRIVATE);
	char *sync = address(call(mmap, space(4), pages(4), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));

	saw("read", peek(at + pages(2)));
	saw("write", poke(at + pages(3), 'w'));
	saw("private", poke(own + pages(2), 'w'));
	saw("sync", failed(sync) ? outcome(sync) : poke(sync + pages(2), 'w'));
	saw("size_kept", yes(call(lseek, fd, 0, END) == (long)pages(2)));
}

PROBE(dax__fault__behind_the_end_in_the_last_page)
{
	int fd = dax_file(1, 'd');
	char *at;

	call(ftruncate, fd, 100LL);
	at = mapped(fd, 1, RW, MAP_SHARED);
	saw("tail", peek(at + 200));
	saw("write", poke(at + 200, 'w'));
	saw("size_kept", yes(call(lseek, fd, 0, END) == 100));
	call(ftruncate, fd, (long long)pages(1));
	saw("when_longer", file_byte(fd, 200));
}

PROBE(dax__fault__private_copy)
{
	int fd = dax_file(2, 'd');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);
	unsigned long frame;

	saw("read", peek(at));
	frame = frame_of(at);
	saw("write", poke(at, 'w'));
	saw("copied", yes(frame != frame_of(at)));
	saw("file", file_byte(fd, 0));
	saw("anonymous", smaps_pages(at, "Anonymous"));
	saw("unwritten_follows",
		call(pwrite64, fd, "x", 1L, (long long)pages(1)) == 1 ? peek(at + pages(1)) : "not written");
}

PROBE(dax__fault__private_copy_of_a_hole)
{
	int fd = dax_file(2, 0);
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	saw("read", peek(at));
	saw("write", poke(at, 'w'));
	saw("file", first_data(fd));
}

PROBE(dax__fault__read_only_mapping)
{
	char *at = pmem_map(pmem(2, 'd'), 2, PROT_READ, MAP_SHARED);

	saw("write", poke(at, 'w'));
	saw("mprotect", outcome(call(mprotect, at, pmem_length(2), RW)));
	saw("then", poke(at, 'w'));
}

/* One touch, and how much of the huge page around it is mapped then. */
static const char *after_one_touch(char *at, long n, bool write)
{
	if (write)
		poke(at, 'w');
	else
		peek(at);
	return populated(at, n);
}

/* Whether one of a file's huge-page sized parts is mapped whole by one touch; where its blocks lie decides. */
static const char *huge_parts(int flags, bool write)
{
	size_t huge = (size_t)file_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	long n = (long)(huge / page_size), parts = 4;
	int fd = dax_file(1, 0);
	const char *seen = "some";
	char *at;
	long long bytes = (long long)huge * parts;

	if (page_size > 4096)
		unmet("with pages of %zu bytes a huge page is a third of the device: where it lies is luck", page_size);
	if (failed(call(fallocate, fd, 0, 0LL, bytes)))
		broken("no room for %ld huge pages", parts);
	at = address(call(mmap, space(n * parts), huge * (size_t)parts, RW, flags, fd, 0));
	if (failed(at))
		return outcome(at);
	for (long i = 0; i < parts && strcmp(seen, "all") != 0; i++)
		seen = after_one_touch(at + (size_t)i * huge, n, write);
	return seen;
}

PROBE(dax__fault__huge_write)
{
	saw("mapped", huge_parts(MAP_SHARED, true));
}

PROBE(dax__fault__huge_read)
{
	saw("mapped", huge_parts(MAP_SHARED, false));
}

PROBE(dax__fault__huge_sync_write)
{
	saw("mapped", huge_parts(MAP_SHARED_VALIDATE | MAP_SYNC, true));
}

PROBE(dax__fault__huge_private_write)
{
	saw("mapped", huge_parts(MAP_PRIVATE, true));
}

PROBE(dax__fault__device_maps_huge_pages)
{
	char *at = shared(pmem(1, 'd'), 1);
	long n = (long)(pmem_length(1) / page_size);

	saw("read", after_one_touch(at, n, false));
	saw("kernel_page_kb", smaps_number(at, "KernelPageSize"));
	saw("rss", yes(smaps_pages(at, "Rss") > 0));
}

static void see_counts(char *at, long status, const char *rss, const char *file)
{
	saw_number(rss, smaps_pages(at, "Rss"));
	saw_text(file, yes(proc_number("/proc/self/status", "RssFile:") > status));
}

PROBE(dax__fault__accounting)
{
	char *at = shared(pmem(4, 'd'), 4);
	long status = proc_number("/proc/self/status", "RssFile:");

	peek(at);
	see_counts(at, status, "rss_read", "status_read");
	poke_pages(at, 4, 'w');
	see_counts(at, status, "rss_written", "status_written");
	saw("dirty", smaps_pages(at, "Shared_Dirty") + smaps_pages(at, "Private_Dirty"));
	saw("anonymous", smaps_pages(at, "Anonymous"));
	saw("mixed", vm_flag(at, "mm"));
	saw("huge", vm_flag(at, "hg"));
}

PROBE(dax__fault__pagemap)
{
	char *at = shared(pmem(1, 'd'), 1);

	poke(at, 'w');
	saw("present", page_bit(at, 63));
	saw("file_or_shared", page_bit(at, 61));
	saw("exclusive", page_bit(at, 56));
	saw("frame", yes(frame_of(at) != 0));
}

PROBE(dax__fault__no_room)
{
	int fd = dax_file(1, 0);
	char *at = mapped(fd, 1, RW, MAP_SHARED);
	int all = dax_file(1, 0);
	long long end = 0, size = 1LL << 30;
	long result = 0;

	muted = true; /* how much there is, is no matter */
	while (size >= (long long)page_size) {
		result = call(fallocate, all, 1 /* FALLOC_FL_KEEP_SIZE */, end, size);
		if (failed(result))
			size /= 2;
		else
			end += size;
	}
	muted = false;
	saw("full", outcome(result));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}
