/* Files under /proc/sys and /sys that a probe turns, and everything else that must be undone after it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
#include "internal.h"

int read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, out, size - 1);
	error = errno;
	close(fd);
	out[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -error : (int)n;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error = errno;
	close(fd);
	return -error;
}

static void remember(const char *how, const char *path, const char *value)
{
	struct undo *undo = &record->undo[record->undos];

	if (record->undos == UNDOS)
		broken("more than %d things to undo", UNDOS);
	snprintf(undo->how, sizeof(undo->how), "%s", how);
	snprintf(undo->path, sizeof(undo->path), "%s", path);
	snprintf(undo->value, sizeof(undo->value), "%s", value);
	record->undos++;
}

/* A knob's value in the form in which it can be written back: of "always [madvise] never" the choice. */
static int current_value(const char *path, char *out, size_t size)
{
	char text[512], *from = text;
	int n = read_file(path, text, sizeof(text));

	if (n < 0)
		return n;
	if (strchr(text, '[') && strchr(text, ']')) {
		from = strchr(text, '[') + 1;
		*strchr(from, ']') = '\0';
	}
	from[strcspn(from, "\n")] = '\0';
	snprintf(out, size, "%s", from);
	return 0;
}

const char *try_knob(const char *path, const char *value)
{
	char before[128];
	int result = current_value(path, before, sizeof(before));
	const char *seen;

	if (result == 0)
		remember("write", path, before);
	if (result == 0 || result == -EACCES) /* write-only knobs have nothing to restore */
		result = write_file(path, value);
	seen = result ? errno_name(-result) : "ok";
	note("%s := %s: %s", path, value, seen);
	return seen;
}

void set_knob(const char *path, const char *value)
{
	const char *seen = try_knob(path, value);

	if (strcmp(seen, "ok") != 0)
		broken("%s := %s: %s", path, value, seen);
}

static struct undo before_run[16]; /* what settle_run changed, with its value before */
static int settled;

const char *knob(const char *path)
{
	char text[128];
	int result;

	for (int i = 0; i < settled; i++)
		if (strcmp(before_run[i].path, path) == 0)
			return textf("%s", before_run[i].value);
	result = current_value(path, text, sizeof(text));
	return result ? errno_name(-result) : textf("%s", text);
}

/*
 * khugepaged sleeps, but whenever it is turned on it looks at one huge page's worth of memory first, and would make one
 * of what a probe has just split. It goes by the age of processes: so that look falls on this, where nothing is to do.
 */
static void take_first_look(void)
{
	static const char enabled[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	long size = file_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	char before[32], *at;

	if (size <= 0 || current_value(enabled, before, sizeof(before)) != 0)
		return;
	at = mmap(NULL, 2 * (size_t)size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return;
	write_file(enabled, "madvise");
	*at = 'k'; /* kernels before 6.1 know of no mapping that was never touched */
	madvise(at, 2 * (size_t)size, MADV_HUGEPAGE);
	madvise(at, page_size, MADV_DONTNEED);
	madvise(at, 2 * (size_t)size, MADV_DONTFORK);
	write_file(enabled, before);
}

/* Background work off for the whole run, so that residency depends on the probe alone. What is not there needs none. */
void settle_run(void)
{
	static const char *const quiet[][2] = {
		{"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "4294967295"},
		{"/sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan", "1"},
		{"/sys/kernel/mm/transparent_hugepage/enabled", "never"},
		{"/sys/kernel/mm/transparent_hugepage/shmem_enabled", "never"},
		{"/sys/kernel/mm/ksm/run", "0"},
		{"/proc/sys/kernel/numa_balancing", "0"},
		{"/proc/sys/vm/compaction_proactiveness", "0"},
		{"/proc/sys/kernel/printk_devkmsg", "on\n"}, /* it takes whole lines only; else markers are rationed */
		{"/sys/kernel/rcu_expedited", "1"}, /* swapoff and others wait for readers: milliseconds each */
	};

	take_first_look();
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		struct undo *undo = &before_run[settled];

		if (current_value(quiet[i][0], undo->value, sizeof(undo->value)) != 0)
			continue;
		snprintf(undo->path, sizeof(undo->path), "%s", quiet[i][0]);
		settled += write_file(quiet[i][0], quiet[i][1]) == 0;
	}
}

void unsettle_run(void)
{
	while (settled > 0) {
		settled--;
		write_file(before_run[settled].path, textf("%s\n", before_run[settled].value));
	}
}

void thp(const char *mode)
{
	set_knob("/sys/kernel/mm/transparent_hugepage/enabled", mode);
}

void drop_caches(void)
{
	sync();
	if (write_file("/proc/sys/vm/drop_caches", "3") != 0)
		broken("/proc/sys/vm/drop_caches cannot be written");
	note("page cache and slabs dropped");
}

void undo_by_unlink(const char *path)
{
	remember("unlink", path, "");
}

void undo_by_swapoff(const char *path)
{
	remember("swapoff", path, "");
}

void undo_by_rmdir(const char *path)
{
	remember("rmdir", path, "");
}

void undo_all(void)
{
	while (record->undos > 0) {
		const struct undo *undo = &record->undo[--record->undos];

		if (strcmp(undo->how, "write") == 0)
			write_file(undo->path, undo->value);
		else if (strcmp(undo->how, "unlink") == 0)
			unlink(undo->path);
		else if (strcmp(undo->how, "rmdir") == 0)
			rmdir(undo->path);
		else
			quiet_call(swapoff, undo->path);
	}
}
