#include <linux/resource.h>
#include "probe.h"

static long reads_of(volatile char *at, long n)
{
	static struct rusage before, after;

	quiet_call(getrusage, 0, &before);
	for (long i = 0; i < n; i++)
		(void)at[pages(i)];
	quiet_call(getrusage, 0, &after);
	return after.ru_minflt - before.ru_minflt;
}

PROBE(pagefault__fault_around__tmpfs)
{
	int fd = scratch_file(64, 'A');
	char *at = mapped(fd, 64, RW, MAP_SHARED), *other = mapped(fd, 64, RW, MAP_SHARED),
	     *third = mapped(fd, 64, RW, MAP_SHARED);

	peek(at);
	peek(other + pages(40));
	poke(third + pages(40), 'w');
	saw("first", smaps_pages(at, "Rss"));
	saw("middle", smaps_pages(other, "Rss"));
	saw("middle_from", populated(other + pages(32), 16));
	saw("write", smaps_pages(third, "Rss"));
}

PROBE(pagefault__fault_around__ext4)
{
	int fd = ext4_file(64, 'A');
	char *at = mapped(fd, 64, RW, MAP_SHARED), *random = mapped(fd, 64, RW, MAP_SHARED),
	     *sequential = mapped(fd, 64, RW, MAP_SHARED), *written = mapped(fd, 64, RW, MAP_SHARED);

	call(madvise, random, pages(64), MADV_RANDOM);
	call(madvise, sequential, pages(64), MADV_SEQUENTIAL);
	peek(at + pages(20));
	peek(random + pages(20));
	peek(sequential + pages(20));
	poke(written + pages(20), 'w');
	saw("normal", smaps_pages(at, "Rss"));
	saw("random", smaps_pages(random, "Rss"));
	saw("sequential", smaps_pages(sequential, "Rss"));
	saw("write", smaps_pages(written, "Rss"));
}

PROBE(pagefault__fault_around__private_write)
{
	char *at = mapped(scratch_file(64, 'A'), 64, RW, MAP_PRIVATE);

	poke(at + pages(20), 'w');
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(pagefault__fault_around__counts)
{
	int fd = scratch_file(32, 'A');
	char *at[] = {mapped(fd, 32, RW, MAP_SHARED), mapped(fd, 32, RW, MAP_SHARED), mapped(fd, 32, RW, MAP_SHARED)};
	long least = 99;

	for (int i = 0; i < 3; i++) { /* at first pages of the checker itself may be missing */
		long n = reads_of(at[i], 32);

		least = n < least ? n : least;
	}
	saw("minor", least);
}

PROBE(pagefault__fault_around__major)
{
	static struct rusage before, after;
	int fd = ext4_file(64, 'A');
	volatile char *at = mapped(fd, 64, PROT_READ, MAP_SHARED);

	call(madvise, at, pages(64), MADV_RANDOM);
	drop_caches();
	quiet_call(getrusage, 0, &before);
	quiet_call(getrusage, 0, &after);
	quiet_call(getrusage, 0, &before);
	(void)at[pages(20)];
	quiet_call(getrusage, 0, &after);
	saw("major", after.ru_majflt - before.ru_majflt);
	saw("next", residency((char *)(uintptr_t)at + pages(21), 1));
	quiet_call(getrusage, 0, &before);
	(void)at[pages(20)];
	quiet_call(getrusage, 0, &after);
	saw("again", after.ru_majflt - before.ru_majflt);
}
