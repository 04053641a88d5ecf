/* NUMA nodes, swap areas and cgroups, see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "internal.h"
#include "place.h"

#define CGROUP "/sys/fs/cgroup"

enum { SWAP_FILES = 32 };

static const char *status_name(long result, int status)
{
	if (failed(result))
		return outcome(result);
	return status < 0 ? errno_name(-status) : textf("%d", status);
}

void on_cpu(int number)
{
	cpu_set_t only;

	CPU_ZERO(&only);
	CPU_SET(number, &only);
	if (sched_setaffinity(0, sizeof(only), &only) != 0)
		broken("running on CPU %d only: %s", number, errno_name(errno));
	note("on CPU %d:", number);
}

const char *node_of(const void *at)
{
	const void *one[] = {at};
	int status = -EINVAL;
	long result = quiet_call(move_pages, 0, 1, one, NULL, &status, 0);
	const char *seen = status_name(result, status);

	note("node of %s: %s", letter_of(at), seen);
	return seen;
}

const char *move_to(void *at, int node)
{
	void *one[] = {at};
	int nodes[] = {node}, status = -EINVAL;
	long result;
	const char *seen;

	note("%s to node %d:", letter_of(at), node);
	result = call(move_pages, 0, 1, one, nodes, &status, MPOL_MF_MOVE);
	seen = status_name(result, status);
	note("status: %s", seen);
	return seen;
}

long bind_pages(void *at, long n, int mode, unsigned long nodes, int flags)
{
	note("nodes %#lx:", nodes);
	return call(mbind, at, pages(n), mode, &nodes, 8 * sizeof(nodes), flags);
}

long set_policy(int mode, unsigned long nodes)
{
	note("nodes %#lx:", nodes);
	return call(set_mempolicy, mode, &nodes, 8 * sizeof(nodes));
}

/* A signed swap area in the open file: where `blank`, all its other pages are written too, so that it has no hole. */
static void sign_swap(int fd, long n, size_t page, const char *signature, unsigned version, bool blank)
{
	static char block[65536];
	uint32_t header[] = {version, (uint32_t)n - 1, 0};

	for (long i = 0; i < (blank ? n : 1); i++) {
		memset(block, 0, page);
		if (i == 0) {
			memcpy(block + 1024, header, sizeof(header));
			memcpy(block + page - strlen(signature), signature, strlen(signature));
		}
		if (write(fd, block, page) != (ssize_t)page)
			broken("writing a swap area: %s", errno_name(errno));
	}
	fsync(fd);
}

const char *swap_file_with(long n, size_t page, const char *signature, unsigned version)
{
	static char paths[SWAP_FILES][32]; /* they outlive the short texts */
	static int made;
	char *path = paths[made % SWAP_FILES];
	int fd;

	snprintf(path, sizeof(paths[0]), "/mnt/ext4/swap-%d", made++);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		broken("a swap file at %s: %s", path, errno_name(errno));
	undo_by_unlink(path);
	undo_by_swapoff(path); /* undone in reverse order */
	sign_swap(fd, n, page, signature, version, true);
	close(fd);
	note("\"%s\": %ld pages of %zu, signature %s, version %u", path, n, page, signature, version);
	return path;
}

const char *swap_device(const char *path, long n)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		broken("%s: %s", path, errno_name(errno));
	undo_by_swapoff(path);
	sign_swap(fd, n, page_size, "SWAPSPACE2", 1, false);
	close(fd);
	note("\"%s\": a swap signature for %ld pages", path, n);
	return path;
}

const char *swap_is_on(long n)
{
	const char *path = swap_file(n);
	long result = call(swapon, path, 0);

	if (failed(result))
		broken("swapon of a file: %s", outcome(result));
	return path;
}

const char *swap_file(long n)
{
	return swap_file_with(n, page_size, "SWAPSPACE2", 1);
}

const char *proc_swaps(const char *path, int column)
{
	char text[2048], *line, *next, *word;
	int n = read_file("/proc/swaps", text, sizeof(text));

	if (n < 0)
		return errno_name(-n);
	for (line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		char *inside;

		word = strtok_r(line, " \t", &inside);
		if (!word || strcmp(word, path) != 0)
			continue;
		for (int i = 0; word && i < column; i++)
			word = strtok_r(NULL, " \t", &inside);
		note("/proc/swaps: %s: %s", path, word ? word : "");
		return word ? textf("%s", word) : "absent";
	}
	return "absent";
}

void enter_cgroup(void)
{
	int result;

	if (access(CGROUP "/cgroup.procs", F_OK) != 0 && mount("none", CGROUP, "cgroup2", 0, NULL) != 0)
		broken("cgroup2 at " CGROUP ": %s", errno_name(errno));
	write_file(CGROUP "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP "/probe", 0755) != 0 && errno != EEXIST)
		broken("a cgroup: %s", errno_name(errno));
	undo_by_rmdir(CGROUP "/probe");
	result = write_file(CGROUP "/probe/cgroup.procs", "0");
	if (result)
		broken("entering a cgroup: %s", errno_name(-result));
	if (access(CGROUP "/probe/memory.max", F_OK) != 0)
		broken("the cgroup has no memory controller");
	note("in a cgroup of its own:");
}

const char *cgroup_set(const char *file, const char *value)
{
	char path[128];
	int result;

	snprintf(path, sizeof(path), CGROUP "/probe/%s", file);
	result = write_file(path, value);
	note("%s := %s: %s", file, value, result ? errno_name(-result) : "ok");
	return result ? errno_name(-result) : "ok";
}

long cgroup_number(const char *file, const char *key)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), CGROUP "/probe/%s", file);
	if (key[0])
		return proc_number(path, key);
	return read_file(path, text, sizeof(text)) < 0 ? -1 : strtol(text, NULL, 10);
}
