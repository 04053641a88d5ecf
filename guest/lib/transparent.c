/* Transparent huge pages, see transparent.h. */
#include <fcntl.h>
#include <unistd.h>
#include "transparent.h"

long small(void)
{
	long bytes = file_number(THP "hpage_pmd_size");

	if (bytes <= 0)
		unmet("the kernel has no transparent huge pages");
	if (bytes > 32 << 20)
		unmet("a transparent huge page is larger than 32 MiB");
	return bytes / (long)page_size;
}

char *room(long n)
{
	size_t size = pages(small());
	char *at = space((n + 1) * small());

	at = (char *)(((uintptr_t)at + size - 1) & ~(size - 1));
	if (address(call(mmap, at, (size_t)n * size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != at)
		broken("mmap at a free place");
	return at;
}

void make_room(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);

	set_knob(THP "defrag", "always");
	if (fd >= 0 && write(fd, "1", 1) != 1)
		broken("/proc/sys/vm/compact_memory");
	close(fd);
}

const char *huge_share(const void *at, const char *key)
{
	int n = smaps_pages(at, key);

	return n == 0 ? "none" : n == small() ? "one" : n == 2 * small() ? "two" : n < 0 ? "absent" : "other";
}
