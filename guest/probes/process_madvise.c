#include <linux/uio.h>
#include "settle.h"

static long advise(int pidfd, void *at, long n, int advice)
{
	struct iovec range = {at, pages(n)};

	note("{%ldp}:", n);
	return call(process_madvise, pidfd, &range, 1, advice, 0);
}

/* "ok" when all was advised, the number of pages when less, or the errno. */
static const char *advised(long result, long n)
{
	return failed(result)             ? outcome(result)
	       : result == (long)pages(n) ? "ok"
					  : textf("%ld", result / (long)page_size);
}

static int myself(void)
{
	int fd = (int)call(pidfd_open, call(getpid), 0);

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	return fd;
}

static int pidfd_of(int pid)
{
	int fd = (int)call(pidfd_open, pid, 0);

	if (failed(fd))
		broken("pidfd_open: %s", outcome(fd));
	return fd;
}

PROBE(process_madvise__same_as_madvise__cold_on_oneself)
{
	char *at = anon(2, 'k');

	saw("advised", advised(advise(myself(), at, 2, MADV_COLD), 2));
	saw("referenced", smaps_pages(at, "Referenced"));
	saw("after", contents(at, 2));
}

PROBE(process_madvise__same_as_madvise__every_advice_on_oneself)
{
	static const struct {
		const char *word;
		int advice;
	} all[] = {
		{"normal", MADV_NORMAL},
		{"random", MADV_RANDOM},
		{"sequential", MADV_SEQUENTIAL},
		{"willneed", MADV_WILLNEED},
		{"dontneed", MADV_DONTNEED},
		{"free", MADV_FREE},
		{"remove", MADV_REMOVE},
		{"dontfork", MADV_DONTFORK},
		{"dofork", MADV_DOFORK},
		{"mergeable", MADV_MERGEABLE},
		{"unmergeable", MADV_UNMERGEABLE},
		{"hugepage", MADV_HUGEPAGE},
		{"nohugepage", MADV_NOHUGEPAGE},
		{"dontdump", MADV_DONTDUMP},
		{"dodump", MADV_DODUMP},
		{"wipeonfork", MADV_WIPEONFORK},
		{"keeponfork", MADV_KEEPONFORK},
		{"cold", MADV_COLD},
		{"pageout", MADV_PAGEOUT},
		{"populate_read", MADV_POPULATE_READ},
		{"populate_write", MADV_POPULATE_WRITE},
		{"dontneed_locked", MADV_DONTNEED_LOCKED},
		{"collapse", MADV_COLLAPSE},
		{"guard_remove", MADV_GUARD_REMOVE},
		{"unassigned", 99},
	};
	char *at = anon(1, 'k');
	int self = myself();

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		saw(all[i].word, advised(advise(self, at, 1, all[i].advice), 1));
}

PROBE(process_madvise__same_as_madvise__discards_several_ranges)
{
	char *at = anon(3, 'k'), *other = anon(2, 'a');
	struct iovec ranges[] = {{at, pages(1)}, {at + pages(2), pages(1)}, {other, pages(2)}};

	saw("advised", advised(call(process_madvise, myself(), ranges, 3, MADV_DONTNEED, 0), 4));
	saw("first", contents(at, 3));
	saw("second", contents(other, 2));
}

PROBE(process_madvise__same_as_madvise__guards_on_oneself)
{
	char *at = anon(4, 'k');
	struct iovec ranges[] = {{at, pages(1)}, {at + pages(3), pages(1)}};

	saw("advised", advised(call(process_madvise, myself(), ranges, 2, MADV_GUARD_INSTALL, 0), 2));
	saw("after", contents(at, 4));
}

PROBE(process_madvise__same_as_madvise__hole_between_ranges)
{
	char *at = anon(3, 'k');
	struct iovec ranges[] = {{at, pages(1)}, {at + pages(1), pages(1)}, {at + pages(2), pages(1)}};

	call(munmap, at + pages(1), pages(1));
	saw("advised", advised(call(process_madvise, myself(), ranges, 3, MADV_COLD, 0), 3));
	saw("first", smaps_pages(at, "Referenced"));
	saw("last", smaps_pages(at + pages(2), "Referenced"));
}

PROBE(process_madvise__same_as_madvise__hole_in_a_range)
{
	char *at = anon(3, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("advised", advised(advise(myself(), at, 3, MADV_COLD), 3));
	saw("first", smaps_pages(at, "Referenced"));
	saw("last", smaps_pages(at + pages(2), "Referenced"));
}

PROBE(process_madvise__same_as_madvise__refused_second_range)
{
	char *at = anon(1, 'k'), *locked = anon(1, 'l');
	struct iovec ranges[] = {{at, pages(1)}, {locked, pages(1)}};

	call(mlock, locked, pages(1));
	saw("advised", advised(call(process_madvise, myself(), ranges, 2, MADV_COLD, 0), 2));
	saw("alone", advised(advise(myself(), locked, 1, MADV_COLD), 1));
}

PROBE(process_madvise__arguments__refusals)
{
	char *at = anon(1, 'k');
	struct iovec range = {at, pages(1)}, too_long[] = {{at, ~0UL >> 1}, {at, ~0UL >> 1}};
	int self = myself();

	saw("flags", outcome(call(process_madvise, self, &range, 1, MADV_COLD, 1)));
	saw("no_file", outcome(call(process_madvise, -1, &range, 1, MADV_COLD, 0)));
	saw("other_file", outcome(call(process_madvise, scratch_file(1, 'a'), &range, 1, MADV_COLD, 0)));
	saw("no_ranges", outcome(call(process_madvise, self, &range, 0, MADV_COLD, 0)));
	saw("too_many_ranges", outcome(call(process_madvise, self, &range, 1025, MADV_COLD, 0)));
	saw("bad_pointer", outcome(call(process_madvise, self, space(1), 1, MADV_COLD, 0)));
	saw("too_long", outcome(call(process_madvise, self, too_long, 2, MADV_COLD, 0)));
	range.iov_base = at + 1;
	saw("unaligned", outcome(call(process_madvise, self, &range, 1, MADV_COLD, 0)));
	range = (struct iovec){space(1), pages(1)};
	saw("unmapped", outcome(call(process_madvise, self, &range, 1, MADV_COLD, 0)));
	range.iov_len = 0;
	saw("empty", outcome(call(process_madvise, self, &range, 1, MADV_COLD, 0)));
}

PROBE(process_madvise__arguments__process_is_gone)
{
	char *at = anon(1, 'k');
	int pid = other_process(), fd = pidfd_of(pid);

	end_other(pid);
	saw("advised", advised(advise(fd, at, 1, MADV_COLD), 1));
}

/* Numbers that stand for oneself: linux/pidfd.h of 6.14 and later */
PROBE(process_madvise__arguments__pidfd_self)
{
	char *at = anon(1, 'k');

	saw("thread", advised(advise(-10000, at, 1, MADV_COLD), 1));
	saw("group", advised(advise(-10001, at, 1, MADV_COLD), 1));
	saw("group_at_first", advised(advise(-20000, at, 1, MADV_COLD), 1));
}
