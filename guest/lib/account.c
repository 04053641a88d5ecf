/* What the kernel counts of a mapping, in pages: /proc/PID/status of the process, smaps of the mapping. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"
#include "sweep.h"

/* Of status what is exact: the resident numbers there are estimates since Linux 6.2, and VmPin falls when a workqueue
 * comes round to it. */
static const char *const of_process[] = {"VmLck", "VmData", "VmStk", "VmExe"};
static const char *const of_mapping[] = {"Size", "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean",
	"Private_Dirty", "Anonymous", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb",
	"Private_Hugetlb", "Swap", "Locked"};

enum {
	PROCESS = sizeof(of_process) / sizeof(of_process[0]),
	MAPPING = sizeof(of_mapping) / sizeof(of_mapping[0]),
	BYTES = 4096
};

struct account {
	long process[PROCESS], mapping[MAPPING]; /* kilobytes */
};

static void read_process(struct account *account)
{
	static char text[BYTES];

	if (read_file("/proc/self/status", text, sizeof(text)) < 0)
		broken("/proc/self/status cannot be read");
	for (int i = 0; i < PROCESS; i++) {
		const char *at = strstr(text, of_process[i]);

		account->process[i] = at ? strtol(at + strlen(of_process[i]) + 1, NULL, 10) : 0;
	}
}

static void add_key(struct account *account, const char *line)
{
	size_t length = strcspn(line, ":");

	for (int i = 0; i < MAPPING; i++)
		if (strlen(of_mapping[i]) == length && strncmp(of_mapping[i], line, length) == 0)
			account->mapping[i] += strtol(line + length + 1, NULL, 10);
}

static bool overlaps(const struct place *place, const char *at, size_t bytes)
{
	return at && place->from < (uintptr_t)at + bytes && place->to > (uintptr_t)at;
}

/* The mappings of the ground, with what grew behind it and what was moved away. */
static void read_mapping(struct account *account, const struct ground *ground)
{
	static struct lines lines;
	uintptr_t last =
		(uintptr_t)ground->at > (uintptr_t)ground->moved ? (uintptr_t)ground->at : (uintptr_t)ground->moved;
	size_t bytes = 2 * UNITS * ground->unit;
	struct place place;
	char line[400];
	bool inside = false;

	memset(account->mapping, 0, sizeof(account->mapping));
	if (!open_lines(&lines, "/proc/self/smaps"))
		broken("/proc/self/smaps cannot be opened");
	while (next_line(&lines, line, sizeof(line)))
		if (is_header(line, &place)) {
			inside = overlaps(&place, ground->at, bytes) ||
				 overlaps(&place, ground->moved, ground->moved_bytes);
			if (place.from > last + bytes) { /* what follows costs the kernel a walk */
				close_lines(&lines);
				return;
			}
		} else if (inside) {
			add_key(account, line);
		}
}

static void measure(struct account *account, const struct ground *ground)
{
	read_mapping(account, ground);
	read_process(account);
}

static void add_change(char *out, size_t size, const char *key, long kilobytes, const struct ground *ground)
{
	size_t unit = ground->unit < page_size ? page_size : ground->unit, used = strlen(out);
	long bytes = kilobytes * 1024;

	if (bytes % (long)unit == 0)
		snprintf(out + used, size - used, " %s%+ld", key, bytes / (long)unit);
	else if (bytes % (long)page_size == 0)
		snprintf(out + used, size - used, " %s%+ldp", key, bytes / (long)page_size);
	else
		snprintf(out + used, size - used, " %s%+ldK", key, kilobytes);
}

/* Whether a file's pages are clean is the flusher's choice: of files that are kept both count together. */
static void merge_dirty(struct account *account)
{
	enum { SHARED = 3, PRIVATE = 5 };

	account->mapping[SHARED] += account->mapping[SHARED + 1];
	account->mapping[PRIVATE] += account->mapping[PRIVATE + 1];
	account->mapping[SHARED + 1] = account->mapping[PRIVATE + 1] = 0;
}

static void changes(char *out, size_t size, struct account *before, struct account *after, const struct ground *ground)
{
	if (ground->shares_fd) {
		merge_dirty(before);
		merge_dirty(after);
	}
	for (int i = 0; i < PROCESS; i++)
		if (after->process[i] != before->process[i])
			add_change(out, size, of_process[i], after->process[i] - before->process[i], ground);
	for (int i = 0; i < MAPPING; i++)
		if (after->mapping[i] != before->mapping[i])
			add_change(out, size, of_mapping[i], after->mapping[i] - before->mapping[i], ground);
}

static void say_changes(const char *name, const char *result, struct account before, const struct ground *ground)
{
	struct account after;
	char value[TEXT];

	snprintf(value, sizeof(value), "%s", result);
	measure(&after, ground);
	changes(value, sizeof(value), &before, &after, ground);
	saw(name, value);
}

static void account_for(const struct operation *operation, maker *make)
{
	struct ground ground = {0};
	struct account before;

	muted = true;
	fresh_ground(&ground, make);
	measure(&before, &ground);
	if (operation->forks) {
		in_child {
			muted = true;
			say_changes(operation->name, operation->run(&ground, operation->number), before, &ground);
		}
	} else {
		say_changes(operation->name, operation->run(&ground, operation->number), before, &ground);
	}
	take_away(&ground);
	muted = false;
}

/* What a mapping of this kind is counted as: what is different once it is there. */
static const char *account_for_itself(struct ground *ground, maker *make)
{
	struct account before = {0}, after;
	char value[TEXT] = "";
	const char *made;

	read_process(&before);
	made = fresh_ground(ground, make);
	if (strcmp(made, "ok") != 0)
		return made;
	measure(&after, ground);
	changes(value, sizeof(value), &before, &after, ground);
	return textf("%s", value + (value[0] == ' '));
}

/* The first signal that a process catches costs faults of its own: for the stack it is caught on, and what it writes.
 */
static void catch_one(void)
{
	char *nobody = space(1);

	if (strncmp(poke(nobody, 'x'), "SIGSEGV", 7) != 0)
		broken("writing where nothing is mapped");
}

void sweep_accounts(const struct operation *operations, maker *make)
{
	struct ground ground = {0};
	char *deep = __builtin_alloca(64 * 1024); /* the stack has grown before it is counted */
	const char *counted;
	bool there;

	memset(deep, 1, 64 * 1024);
	muted = true;
	catch_one();
	fresh_ground(&ground, make); /* what is made once is there */
	if (ground.at)               /* and so is what a first access needs of this program's own pages */
		for (int i = 0; i < 2 && operations[i].name; i++)
			operations[i].run(&ground, operations[i].number);
	take_away(&ground);
	counted = account_for_itself(&ground, make);
	there = ground.at != NULL;
	if (there)
		take_away(&ground);
	muted = false;
	saw("kind", counted[0] ? counted : "nothing");
	for (; there && !ground.alone && operations->name; operations++)
		account_for(operations, make);
}
