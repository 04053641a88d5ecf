/* Which pages are there: mincore and /proc/self/pagemap. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "internal.h"

static const char *how_many(long some, long all)
{
	return some == 0 ? "none" : some == all ? "all" : "some";
}

const char *residency(const void *at, long n)
{
	static unsigned char in_core[4096];
	long result, some = 0;
	const char *seen;

	if (n > (long)sizeof(in_core))
		broken("residency: at most %zu pages", sizeof(in_core));
	result = quiet_call(mincore, at, pages(n), in_core);
	for (long i = 0; i < n; i++)
		some += in_core[i] & 1;
	seen = failed(result) ? outcome(result) : how_many(some, n);
	note("mincore of %s, %ldp: %s", letter_of(at), n, seen);
	return seen;
}

static const char *pagemap(const void *at, long n, int bit, const char *what)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long some = 0;
	const char *seen;

	if (fd < 0)
		broken("/proc/self/pagemap: %s", errno_name(errno));
	for (long i = 0; i < n; i++) {
		unsigned long page = (unsigned long)at / page_size + (unsigned long)i;
		uint64_t entry = 0;

		if (pread(fd, &entry, sizeof(entry), (off_t)page * (off_t)sizeof(entry)) != sizeof(entry))
			broken("/proc/self/pagemap at %s: %s", letter_of(at), errno_name(errno));
		some += entry >> bit & 1;
	}
	close(fd);
	seen = how_many(some, n);
	note("pagemap of %s, %ldp: %s %s", letter_of(at), n, what, seen);
	return seen;
}

const char *populated(const void *at, long n)
{
	return pagemap(at, n, 63, "present");
}

const char *swapped(const void *at, long n)
{
	return pagemap(at, n, 62, "swapped");
}

static uint64_t frame(const volatile void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)((unsigned long)at / page_size * sizeof(entry))) < 0)
		broken("/proc/self/pagemap: %s", errno_name(errno));
	close(fd);
	return entry >> 63 ? entry & (((uint64_t)1 << 55) - 1) : 0;
}

unsigned long frame_of(const volatile void *at)
{
	return (unsigned long)frame(at);
}

const char *page_bit(const void *at, int bit)
{
	return yes(strcmp(pagemap(at, 1, bit, textf("bit %d", bit)), "all") == 0);
}
