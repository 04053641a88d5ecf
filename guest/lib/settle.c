/* Waiting for what the kernel does in the background, see settle.h. */
#include <stdio.h>
#include <time.h>
#include <sys/mman.h>
#include "internal.h"
#include "settle.h"

enum { TRIES = 300, PAUSE_MS = 10 };

/* MADV_COLD begins with lru_add_drain(); it is asked of a page that is nobody's subject. */
void drain(void)
{
	char *at = mmap(NULL, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		broken("drain: no page");
	*(volatile char *)at = 'd';
	quiet_call(madvise, at, page_size, MADV_COLD);
	munmap(at, page_size);
	note("pages on their way to the LRU lists: drained");
}

bool reaches(const char *path, const char *key, long number)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	for (int i = 0; i < TRIES; i++) {
		if (proc_number(path, key) >= number)
			return true;
		nanosleep(&pause, NULL);
	}
	note("%s %s: not there in %d s", path, key, TRIES * PAUSE_MS / 1000);
	return false;
}

char *mapping_named(const char *name)
{
	static char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from = 0, to = 0, found = 0;

	while (maps && !found && fgets(line, sizeof(line), maps))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", &from, &to) == 2)
			found = from;
	if (maps)
		fclose(maps);
	note("maps: %s is %s", name, found ? "there" : "not there");
	if (found)
		name_region(found, to - found);
	return address(found);
}
