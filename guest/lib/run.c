/* checker list | checker run --gives A,B --ruled-out 'need=why' [--scale N] < ids. One fork, one record per probe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/personality.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include "internal.h"
#include "run.h"

enum { RULED_OUT = 32 };

static struct options {
	const char *gives;
	const char *ruled_out[RULED_OUT];
	int ruled_outs;
	int deadline, scale; /* seconds; times the slowness of the machine */
} options = {.gives = "", .deadline = 5, .scale = 1};

static int kmsg = -1;

static bool has_word(const char *list, const char *word, size_t length)
{
	for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == length && strncmp(at, word, length) == 0)
			return true;
	return false;
}

/* Sets the record to unmet, and answers false, where the probe needs what is not there. */
static bool needs_are_met(const struct probe *probe)
{
	for (const char *need = probe->needs; *need; need += strspn(need, " ")) {
		size_t length = strcspn(need, " ");

		for (int i = 0; i < options.ruled_outs; i++) {
			const char *each = options.ruled_out[i];

			if (strncmp(each, need, length) == 0 && each[length] == '=') {
				snprintf(record->why, sizeof(record->why), "%s", each + length + 1);
				return false;
			}
		}
		if (!has_word(options.gives, need, length)) {
			snprintf(record->why, sizeof(record->why), "needs %.*s, which this variant does not give",
				(int)length, need);
			return false;
		}
		need += length;
	}
	return true;
}

static void mark(const char *id)
{
	char text[160] = "<3>memory-farm: probe ", *end = text + strlen(text);
	size_t length = strnlen(id, sizeof(text) - strlen(text) - 1);

	memcpy(end, id, length);
	end[length] = '\n';
	if (kmsg >= 0 && write(kmsg, text, (size_t)(end + length + 1 - text)) < 0)
		kmsg = -1;
}

static void answer(const struct probe *probe)
{
	clear_record();
	json_start(probe->id);
	if (!needs_are_met(probe)) {
		json_record(probe->id, "unmet", record->why, record);
		return;
	}
	mark(probe->id);
	run_probe(probe, options.deadline, options.scale);
	if (strcmp(record->end, "hung") == 0) /* the clock goes on while the host does not let the guest run */
		run_probe(probe, options.deadline, options.scale);
	json_record(probe->id, record->end, record->why, record);
}

/* The table is sorted by id: farm/build.py. */
static const struct probe *find_probe(const char *id)
{
	size_t low = 0, high = probe_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(id, probes[middle].id);

		if (order == 0)
			return &probes[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Memory of the runner alone: a probe that locks all of its memory must not pay for it. */
static char *own_memory(size_t size)
{
	char *at = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || madvise(at, size, MADV_DONTFORK) != 0)
		_exit(3);
	return at;
}

static int run_asked(void)
{
	enum { IDS = 1 << 20 };
	char *ids = own_memory(IDS);
	size_t length = 0;
	ssize_t n;
	int count = 0;

	while ((n = read(0, ids + length, IDS - 1 - length)) > 0)
		length += (size_t)n;
	take_over_files();
	settle_run();
	write_file("/proc/self/oom_score_adj", "900"); /* inherited: a probe that uses up memory dies, not the guest */
	for (char *id = strtok(ids, "\n"); id; id = strtok(NULL, "\n"), count++) {
		const struct probe *probe = find_probe(id);

		if (probe) {
			answer(probe);
		} else {
			clear_record();
			json_record(id, "broken", "this checker has no such probe", record);
		}
	}
	unsettle_run();
	return count;
}

/* Standard input and output are the protocol's; a probe finds neither, and only 0, 1 and 2 in use. */
void take_over_files(void)
{
	int null = open("/dev/null", O_RDWR);

	json_fd = fcntl(1, F_DUPFD_CLOEXEC, 200);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	kmsg = kmsg < 0 ? -1 : fcntl(kmsg, F_DUPFD_CLOEXEC, 201);
	dup2(null, 0);
	dup2(null, 1);
	if (!verbose)
		dup2(null, 2);
	for (int fd = 3; fd < 200; fd++)
		close(fd);
}

/* The address layout must not vary: no randomisation, no environment. */
static void fix_layout(char **argv)
{
	static char *const empty[] = {NULL};
	int now = personality(0xffffffff);

	if (now & ADDR_NO_RANDOMIZE)
		return;
	personality((unsigned long)now | ADDR_NO_RANDOMIZE);
	execve("/proc/self/exe", argv, empty);
}

static int usage(void)
{
	dprintf(2, "usage: checker list | selftest | run [--gives A,B] [--ruled-out 'NEED=WHY']... [--scale N] "
		   "[--verbose]\n");
	return 2;
}

static bool parse(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--gives") == 0)
			options.gives = argv[++i];
		else if (strcmp(argv[i], "--ruled-out") == 0 && options.ruled_outs < RULED_OUT)
			options.ruled_out[options.ruled_outs++] = argv[++i];
		else if (strcmp(argv[i], "--scale") == 0)
			options.scale = atoi(argv[++i]);
		else if (strcmp(argv[i], "--deadline") == 0)
			options.deadline = atoi(argv[++i]);
		else
			return false;
	}
	return options.scale > 0 && options.deadline > 0;
}

int main(int argc, char **argv)
{
	sigset_t child;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	prepare_decoding();
	if (argc < 2 || !parse(argc, argv))
		return usage();
	if (strcmp(argv[1], "list") == 0) {
		for (size_t i = 0; i < probe_count; i++)
			dprintf(1, "%s\n", probes[i].id);
		return 0;
	}
	if (strcmp(argv[1], "selftest") == 0)
		return selftest();
	if (strcmp(argv[1], "run") != 0)
		return usage();
	fix_layout(argv);
	map_record();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	json_prepare(own_memory(2 * JSON_LINE));
	json_hello();
	json_done(run_asked());
	return 0;
}
