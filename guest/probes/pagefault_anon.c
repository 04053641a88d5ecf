#include <linux/resource.h>
#include "probe.h"

static long faults_once(volatile char *at, long n, char letter)
{
	static struct rusage before, after;

	quiet_call(getrusage, 0, &before);
	for (long i = 0; i < n; i++)
		if (letter)
			at[pages(i)] = letter;
		else
			(void)at[pages(i)];
	quiet_call(getrusage, 0, &after);
	return after.ru_minflt - before.ru_minflt;
}

/*
 * Minor faults that touching n pages takes, one after the other: the least of three times with n pages each, because
 * the first may find pages of the checker itself missing.
 */
static long faults_of(char *at, long n, char letter)
{
	long least = faults_once(at, n, letter);

	for (int i = 1; i < 3; i++) {
		long again = faults_once(at + pages(i * n), n, letter);

		least = again < least ? again : least;
	}
	return least;
}

/* What a pipe holds of a page of ours that vmsplice put there. */
static const char *spliced(int from)
{
	char *copy = anon(1, 'c');
	long got = call(read, from, copy, pages(1));

	return failed(got) ? outcome(got) : peek(copy);
}

static void splice_into(int pipe, char *at)
{
	struct {
		void *base;
		size_t length;
	} part = {at, page_size};
	long result = call(vmsplice, pipe, &part, 1, 0);

	if (failed(result))
		broken("vmsplice: %s", outcome(result));
}

static void splice_page(int ends[2], char *at)
{
	if (failed(call(pipe2, ends, 0)))
		broken("pipe2");
	splice_into(ends[1], at);
}

PROBE(pagefault__zero_page__read_then_write)
{
	char *at = anon(1, 0);

	saw("read", peek(at));
	saw("populated", populated(at, 1));
	saw("rss_read", smaps_pages(at, "Rss"));
	saw("core_read", residency(at, 1));
	poke(at, 'w');
	saw("rss_written", smaps_pages(at, "Rss"));
	saw("core_written", residency(at, 1));
}

PROBE(pagefault__zero_page__counts)
{
	char *at = anon(24, 0);

	saw("read", faults_of(at, 8, 0));
	saw("read_again", faults_of(at, 8, 0));
	saw("write", faults_of(at, 8, 'w'));
	saw("write_again", faults_of(at, 8, 'w'));
}

PROBE(pagefault__zero_page__write_counts)
{
	char *at = anon(24, 0);

	saw("write", faults_of(at, 8, 'w'));
}

PROBE(pagefault__zero_page__shared)
{
	char *at = shared_anon(1, 0);

	saw("read", peek(at));
	saw("rss_read", smaps_pages(at, "Rss"));
}

PROBE(pagefault__zero_page__huge)
{
	char *at;

	thp("always");
	at = anon(1024, 0);
	saw("read", peek(at));
	saw("populated", populated(at, 512));
	saw("beyond", populated(at + pages(512), 512));
	saw("huge", smaps_pages(at, "AnonHugePages"));
	saw("rss", smaps_pages(at, "Rss"));
	poke(at, 'w');
	saw("huge_written", smaps_pages(at, "AnonHugePages"));
	saw("rss_written", smaps_pages(at, "Rss"));
}

PROBE(pagefault__zero_page__huge_off)
{
	char *at;

	thp("always");
	set_knob("/sys/kernel/mm/transparent_hugepage/use_zero_page", "0");
	at = anon(1024, 0);
	peek(at);
	saw("huge", smaps_pages(at, "AnonHugePages"));
}

PROBE(pagefault__copy_on_write__child_writes)
{
	char *at = anon(1, 'k');

	in_child {
		poke(at, 'c');
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

PROBE(pagefault__copy_on_write__shared_until_written)
{
	char *at = anon(4, 'k');

	in_child {
		saw("shared", smaps_pages(at, "Shared_Dirty"));
		poke(at, 'c');
		saw("left_shared", smaps_pages(at, "Shared_Dirty"));
		saw("copied", smaps_pages(at, "Private_Dirty"));
	}
	saw("alone", smaps_pages(at, "Private_Dirty"));
}

PROBE(pagefault__copy_on_write__counts)
{
	char *at = anon(24, 'A');

	in_child {
		saw("child_read", faults_of(at, 8, 0));
		saw("child", faults_of(at, 8, 'c'));
	}
	saw("parent", faults_of(at, 8, 'p'));
}

PROBE(pagefault__copy_on_write__shared_mapping)
{
	char *at = shared_anon(1, 'k');

	in_child
		poke(at, 'c');
	saw("parent", peek(at));
}

PROBE(pagefault__copy_on_write__pinned_by_child)
{
	char *at = anon(1, 'k');
	int ends[2];

	if (failed(call(pipe2, ends, 0)))
		broken("pipe2");
	in_child
		splice_into(ends[1], at);
	poke(at, 'z');
	saw("seen", spliced(ends[0]));
}

PROBE(pagefault__copy_on_write__reused_while_referenced)
{
	char *at = anon(1, 'k');
	int ends[2];

	splice_page(ends, at);
	call(mprotect, at, pages(1), PROT_READ);
	call(mprotect, at, pages(1), RW);
	poke(at, 'z');
	saw("pipe", spliced(ends[0]));
}

PROBE(pagefault__copy_on_write__after_child_while_referenced)
{
	char *at = anon(1, 'k');
	int ends[2];

	in_child
		peek(at);
	splice_page(ends, at);
	poke(at, 'z');
	saw("pipe", spliced(ends[0]));
}

PROBE(pagefault__copy_on_write__huge)
{
	char *at;

	thp("always");
	at = anon(512, 0);
	poke(at, 'k');
	saw("before", smaps_pages(at, "AnonHugePages"));
	in_child {
		poke(at, 'c');
		saw("child_huge", smaps_pages(at, "AnonHugePages"));
		saw("child_copied", smaps_pages(at, "Private_Dirty"));
		saw("child_shared", smaps_pages(at, "Shared_Dirty"));
	}
	saw("parent_huge", smaps_pages(at, "AnonHugePages"));
	poke(at, 'p');
	saw("parent_after_write", smaps_pages(at, "AnonHugePages"));
}

PROBE(pagefault__copy_on_write__hugetlb_pool_empty)
{
	long n = proc_number("/proc/meminfo", "HugePages_Free");
	char *at = huge(n, 'a', MAP_PRIVATE);

	in_child {
		saw("child_read", peek(at));
		saw("child", poke(at, 'c'));
	}
	saw("parent", poke(at, 'p'));
	saw("parent_reads", peek(at));
}

PROBE(pagefault__transparent_huge__always)
{
	char *at;

	thp("always");
	at = anon(1024, 0);
	poke(at, 'k');
	saw("huge", smaps_pages(at, "AnonHugePages"));
	saw("flag", proc_number("/proc/self/status", "THP_enabled") == 1 ? "yes" : "no");
	saw("eligible", smaps_number(at, "THPeligible"));
}

PROBE(pagefault__transparent_huge__madvise)
{
	char *at, *advised;

	thp("madvise");
	at = anon(512, 0);
	poke(at, 'k');
	saw("without", smaps_pages(at, "AnonHugePages"));
	advised = anon(512, 0);
	call(madvise, advised, pages(512), MADV_HUGEPAGE);
	poke(advised, 'k');
	saw("with", smaps_pages(advised, "AnonHugePages"));
}

PROBE(pagefault__transparent_huge__never)
{
	char *at;

	thp("never");
	at = anon(512, 0);
	call(madvise, at, pages(512), MADV_HUGEPAGE);
	poke(at, 'k');
	saw("huge", smaps_pages(at, "AnonHugePages"));
}

PROBE(pagefault__transparent_huge__multi_size)
{
	char *at = anon(64, 0);
	const char *set = try_knob("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", "always");

	saw("knob", set);
	poke(at + pages(20), 'k');
	saw("rss", smaps_pages(at, "Rss"));
}

PROBE(pagefault__transparent_huge__memfd)
{
	int fd;
	char *at;

	thp("always");
	set_knob("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "always");
	fd = memfd("thp", 1024, 0, 0);
	at = mapped(fd, 1024, RW, MAP_SHARED);
	poke(at, 'k');
	saw("huge", smaps_pages(at, "ShmemPmdMapped"));
	saw("rss", smaps_pages(at, "Rss"));
}
