/* One operation after the other on fresh mappings of one kind: the outcome, and what is different afterwards. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "internal.h"
#include "sweep.h"

struct seen {
	char populated[UNITS + 1], contents[UNITS + 1], flags[TEXT];
};

char *another_place(const struct ground *ground, long n)
{
	size_t bytes = (size_t)n * ground->unit;

	return space_of(bytes < page_size ? page_size : bytes, ground->unit < page_size ? page_size : ground->unit);
}

static long table_entries(int pagemap, const char *at, uint64_t *entries, long n)
{
	off_t from = (off_t)((uintptr_t)at / page_size * sizeof(*entries));

	return pread(pagemap, entries, (size_t)n * sizeof(*entries), from) / (long)sizeof(*entries);
}

/* Whether the page tables have each unit; opened anew in a child, whose tables are others. */
static void look_at_tables(const struct ground *ground, char *out)
{
	static int pagemap = -1;
	static pid_t owner;
	uint64_t entries[UNITS];
	long got = 0;

	if (owner != getpid()) {
		owner = getpid();
		pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	}
	if (ground->unit == page_size && table_entries(pagemap, ground->at, entries, UNITS) == UNITS)
		got = UNITS;
	for (int i = 0; i < UNITS; i++) {
		if (!got && table_entries(pagemap, ground->at + (size_t)i * ground->unit, &entries[i], 1) != 1)
			out[i] = '?';
		else
			out[i] = entries[i] >> 63 ? 'p' : '-';
	}
	out[UNITS] = '\0';
}

char reads(const struct ground *ground, const char *at)
{
	char here = contents(at, 1)[0];

	return ground->opaque && here != '!' && here != '#' ? 'r' : here;
}

/* A character for each unit; the tables first, before anything is touched. */
static void look(const struct ground *ground, struct seen *seen, bool with_flags)
{
	look_at_tables(ground, seen->populated);
	for (int i = 0; i < UNITS; i++)
		seen->contents[i] = reads(ground, ground->at + (size_t)i * ground->unit);
	seen->contents[UNITS] = '\0';
	if (with_flags)
		snprintf(seen->flags, sizeof(seen->flags), "%s", vm_flags(ground->at));
}

/* What `list` has and `other` lacks, each behind `sign`. */
static void add_missing(char *out, size_t size, const char *list, const char *other, char sign)
{
	size_t used = strlen(out);

	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ') {
		char word[24];
		size_t n = strcspn(at, " ");

		snprintf(word, sizeof(word), "%.*s", (int)(n < 20 ? n : 20), at);
		if (!strstr(other, word) && used + n + 2 < size)
			used += (size_t)snprintf(out + used, size - used, "%c%s", sign, word);
	}
}

static void differences(char *out, size_t size, const struct seen *before, const struct seen *after)
{
	char changed[TEXT] = "";

	if (strcmp(before->populated, after->populated) != 0)
		snprintf(out + strlen(out), size - strlen(out), " tables %s", after->populated);
	if (strcmp(before->contents, after->contents) != 0)
		snprintf(out + strlen(out), size - strlen(out), " reads %s", after->contents);
	if (strcmp(after->flags, "unmapped") == 0)
		return;
	add_missing(changed, sizeof(changed), after->flags, before->flags, '+');
	add_missing(changed, sizeof(changed), before->flags, after->flags, '-');
	if (changed[0])
		snprintf(out + strlen(out), size - strlen(out), " flags %s", changed);
}

const char *fresh_ground(struct ground *ground, maker *make)
{
	static bool stayed;
	const char *made;

	*ground = (struct ground){.unit = page_size, .fd = -1, .other_fd = -1};
	if (!stayed)
		spaces_from_start();
	forget_all_regions();
	made = make(ground);
	stayed = ground->stays;
	return made;
}

void take_away(const struct ground *ground)
{
	if (ground->alone)
		return; /* and its process with it */
	if (ground->at)
		quiet_call(munmap, ground->at, 4 * UNITS * ground->unit); /* it may have grown where it was */
	if (ground->moved)
		quiet_call(munmap, ground->moved, ground->moved_bytes);
	if (ground->fd >= 0 && !ground->shares_fd)
		close(ground->fd);
	if (ground->other_fd >= 0)
		close(ground->other_fd);
}

/* What a call refused for its arguments has no flags to show; after any other failure they are looked at too. */
static bool may_have_changed_flags(const char *outcome)
{
	return strcmp(outcome, "EINVAL") != 0 && strcmp(outcome, "ENOSYS") != 0;
}

static void operate(const struct operation *operation, struct ground *ground, maker *make, const struct seen *before)
{
	struct seen after = *before;
	char value[TEXT];

	muted = true;
	fresh_ground(ground, make);
	muted = false;
	snprintf(value, sizeof(value), "%s", operation->run(ground, operation->number));
	muted = true;
	look(ground, &after, may_have_changed_flags(value));
	differences(value, sizeof(value), before, &after);
	take_away(ground);
	muted = false;
	note("%s: %s", operation->name, value);
	saw(operation->name, value);
}

static void operate_apart(
	const struct operation *operation, struct ground *ground, maker *make, const struct seen *before)
{
	muted = true;
	in_child
		operate(operation, ground, make, before);
	if (strcmp(child_end(), "exited") != 0)
		saw(operation->name, child_end());
	muted = false;
}

void sweep(const struct operation *operations, maker *make)
{
	struct ground ground = {0};
	struct seen before;
	const char *made;

	muted = keeps_smaps = true;
	made = fresh_ground(&ground, make);
	if (strcmp(made, "ok") != 0) {
		muted = false;
		note("no such mapping: %s", made);
		saw("kind", made);
		return;
	}
	look(&ground, &before, true);
	take_away(&ground);
	muted = false;
	saw("kind", textf("tables %s reads %s", before.populated, before.contents));
	saw("flags", before.flags);
	for (; operations->name; operations++)
		if (ground.alone || operations->forks)
			operate_apart(operations, &ground, make, &before);
		else
			operate(operations, &ground, make, &before);
}

void sweep_as_user(const struct operation *operations, maker *make)
{
	struct ground ground = {0};

	muted = true;
	fresh_ground(&ground, make); /* what only root can make, files above all, is made now and kept */
	take_away(&ground);
	muted = false;
	become_user();
	sweep(operations, make);
}
