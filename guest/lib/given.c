/* What a probe is given: mappings that stand alone, files, segments. Their calls are traced too. */
#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/shm.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "internal.h"

/*
 * Slots far from where the kernel places what may go anywhere. 64 bits: from 128 GiB, below the 256 GiB of
 * riscv64's smallest address space; 32 bits: between the program and the libraries' area.
 */
static const unsigned long arena = sizeof(long) == 8 ? (unsigned long)0x2000000000ULL : 0x50000000UL;
static const unsigned long slot = sizeof(long) == 8 ? 256UL << 20 : 16UL << 20;
static const unsigned long slots = sizeof(long) == 8 ? 300 : 60;

size_t page_size;

size_t pages(long n)
{
	return (size_t)n * page_size;
}

size_t huge_size(void)
{
	long kb = proc_number("/proc/meminfo", "Hugepagesize:");

	if (kb <= 0)
		unmet("the machine has no huge pages: /proc/meminfo names no Hugepagesize");
	return (size_t)kb << 10;
}

HOT static unsigned long used;

void spaces_from_start(void)
{
	used = 0;
}

char *space_of(size_t bytes, size_t alignment)
{
	unsigned long at = arena + used * slot + slot / 2;

	at = (at + alignment - 1) / alignment * alignment;
	used = (at + bytes - arena) / slot + 1;
	if (used > slots)
		broken("more than %lu mappings at places of their own", slots);
	name_region(at, bytes);
	return (char *)at;
}

char *space(long n)
{
	return space_of(pages(n), page_size);
}

static char *map_at(char *at, size_t bytes, int prot, int flags, int fd)
{
	char *got = address(call(mmap, at, bytes, prot, flags, fd, 0));

	if (got != at)
		broken("mmap(%s, ...) at a free place: %s", letter_of(at), failed(got) ? outcome(got) : "elsewhere");
	return got;
}

void fill(char *at, long n, char letter)
{
	for (long i = 0; i < n; i++)
		memset(at + pages(i), letter + (int)i, page_size);
	note("%s, %ldp: filled from '%c'", letter_of(at), n, letter);
}

char *anon_with(long n, char letter, int prot, int flags)
{
	char *at = map_at(space(n), pages(n), prot, flags | MAP_ANONYMOUS, -1);

	if (letter)
		fill(at, n, letter);
	return at;
}

char *anon(long n, char letter)
{
	return anon_with(n, letter, RW, MAP_PRIVATE);
}

char *shared_anon(long n, char letter)
{
	return anon_with(n, letter, RW, MAP_SHARED);
}

char *mapped(int fd, long n, int prot, int flags)
{
	return map_at(space(n), pages(n), prot, flags, fd);
}

char *huge(long n, char letter, int flags)
{
	size_t size = huge_size();
	char *at =
		map_at(space_of((size_t)n * size, size), (size_t)n * size, RW, flags | MAP_ANONYMOUS | MAP_HUGETLB, -1);

	for (long i = 0; letter && i < n; i++)
		memset(at + (size_t)i * size, letter + (int)i, page_size);
	return at;
}

void write_pages(int fd, long n, char letter)
{
	static char page[65536];

	if (quiet_call(ftruncate, fd, (long long)pages(n)) != 0)
		broken("ftruncate to %ld pages: %s", n, errno_name(errno));
	for (long i = 0; letter && i < n; i++) {
		memset(page, letter + (int)i, page_size);
		if (pwrite(fd, page, page_size, (off_t)pages(i)) != (ssize_t)page_size)
			broken("writing page %ld of a file: %s", i, errno_name(errno));
	}
}

static int unnamed_file(const char *folder, const char *what, long n, char letter)
{
	int fd = open(folder, O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		broken("%s: a file in %s: %s", what, folder, errno_name(errno));
	write_pages(fd, n, letter);
	note("%d = %s of %ldp%s", fd, what, n, letter ? textf(" from '%c'", letter) : ", a hole");
	return fd;
}

static void must_be_mounted(const char *folder)
{
	struct stat here, above;

	if (stat(folder, &here) != 0 || stat("/mnt", &above) != 0 || here.st_dev == above.st_dev)
		broken("nothing is mounted at %s", folder);
}

int scratch_file(long n, char letter)
{
	return unnamed_file("/tmp", "tmpfs file", n, letter);
}

int ext4_file(long n, char letter)
{
	int fd;

	must_be_mounted("/mnt/ext4");
	fd = unnamed_file("/mnt/ext4", "ext4 file", n, letter);
	fsync(fd);
	return fd;
}

int dax_file(long n, char letter)
{
	int fd;

	must_be_mounted("/mnt/dax");
	fd = unnamed_file("/mnt/dax", "file on persistent memory", n, letter);
	fsync(fd);
	return fd;
}

int memfd(const char *name, long n, char letter, unsigned flags)
{
	int fd = (int)call(memfd_create, name, flags);

	if (failed(fd))
		broken("memfd_create: %s", outcome(fd));
	write_pages(fd, n, letter);
	return fd;
}

void reopen(int fd, int flags)
{
	char path[40];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, flags);
	if (other < 0 || dup2(other, fd) != fd)
		broken("opening %s again: %s", path, errno_name(errno));
	close(other);
	note("%d: opened again with %s", fd, flags == O_RDONLY ? "O_RDONLY" : textf("%#x", flags));
}

const char *file_byte(int fd, size_t at)
{
	unsigned char byte;
	ssize_t n = pread(fd, &byte, 1, (off_t)at);
	const char *seen = n < 0 ? errno_name(errno) : n == 0 ? "end" : byte_name(byte);
	char where[48];

	length_text(where, sizeof(where), (long long)at);
	note("file %d at %s: %s", fd, where, seen);
	return seen;
}

int shm_segment(long n, int flags)
{
	static bool apart;
	long id;

	if (!apart) /* nobody else's segments, and none of ours stay behind; no namespace: then without */
		unshare(CLONE_NEWIPC);
	apart = true;
	id = call(shmget, IPC_PRIVATE, pages(n), flags | IPC_CREAT | 0600);
	if (failed(id))
		broken("shmget: %s", outcome(id));
	return (int)id;
}

char *shm_attached(int id, int flags)
{
	char *at = space(16), *got = address(call(shmat, id, at, flags));

	if (got != at)
		broken("shmat at a free place: %s", outcome(got));
	return got;
}

/* 1000 mappings: few enough to make quickly, and more than any other process of the machine has. */
long use_up_mappings(void)
{
	enum { MOST = 1000 };
	char *at = space_of(2 * MOST * page_size, page_size);
	long made = 0, result = 0;

	set_knob("/proc/sys/vm/max_map_count", "1000");
	for (; made <= MOST && !failed(result);
		made++) /* every second page, so that none becomes one with its neighbour */
		result = quiet_call(mmap, at + pages(2 * made), page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	note("many mappings of one page, until: %s", outcome(result));
	return result;
}

void map_record(void)
{
	record = mmap(NULL, sizeof(*record), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED)
		_exit(3);
}
