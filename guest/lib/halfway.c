/* Calls that fail in the middle of their range, see halfway.h. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "internal.h"
#include "halfway.h"

struct row {
	char perms[ROW][8], flags[ROW][80], contents[ROW + 1], there[ROW + 1];
};

static void read_tables(const char *at, char *out)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry[ROW] = {0};

	if (pread(fd, entry, sizeof(entry), (off_t)((uintptr_t)at / page_size * sizeof(entry[0]))) != sizeof(entry))
		broken("/proc/self/pagemap cannot be read");
	close(fd);
	for (int i = 0; i < ROW; i++)
		out[i] = entry[i] >> 63 ? 'p' : '-';
}

static void read_row(const char *at, struct row *row)
{
	static struct lines lines;
	struct place place = {0};
	char line[400];

	if (!open_lines(&lines, "/proc/self/smaps"))
		broken("/proc/self/smaps cannot be opened");
	while (next_line(&lines, line, sizeof(line))) {
		bool header = is_header(line, &place);

		if (header && place.from >= (uintptr_t)at + pages(ROW)) { /* what follows costs the kernel a walk */
			close_lines(&lines);
			return;
		}
		for (int i = 0; i < ROW; i++) {
			uintptr_t page = (uintptr_t)at + pages(i);

			if (page < place.from || page >= place.to)
				continue;
			if (header)
				snprintf(row->perms[i], sizeof(row->perms[i]), "%s", place.perms);
			else if (strncmp(line, "VmFlags:", 8) == 0)
				snprintf(row->flags[i], sizeof(row->flags[i]), "%.75s", line + 8);
		}
	}
}

static void look_at(const char *at, struct row *row)
{
	memset(row, 0, sizeof(*row));
	read_tables(at, row->there);
	read_row(at, row);
	snprintf(row->contents, sizeof(row->contents), "%s", contents(at, ROW));
}

static char changed(const struct row *before, const struct row *after, int i)
{
	if (!after->perms[i][0])
		return before->perms[i][0] ? 'x' : '-';
	if (!before->perms[i][0])
		return 'm';
	if (strcmp(before->perms[i], after->perms[i]) != 0)
		return 'p';
	if (strcmp(before->flags[i], after->flags[i]) != 0)
		return 'f';
	if (before->contents[i] != after->contents[i])
		return 'c';
	return before->there[i] != after->there[i] ? 't' : '-';
}

static void attempt_one(const struct attempt *attempt, layout *make, const struct row *before)
{
	struct row after;
	char value[TEXT], pages_now[ROW + 1] = "";
	char *at = make();

	snprintf(value, sizeof(value) - ROW - 2, "%s", attempt->run(at, attempt->number));
	look_at(at, &after);
	for (int i = 0; i < ROW; i++)
		pages_now[i] = changed(before, &after, i);
	snprintf(value + strlen(value), ROW + 2, " %s", pages_now);
	quiet_call(munmap, at, pages(ROW + 1));
	muted = false;
	note("%s: %s", attempt->name, value);
	saw(attempt->name, value);
	muted = true;
}

void halfway(const struct attempt *attempts, layout *make, bool apart)
{
	struct row before;
	char *at;

	muted = true;
	at = make();
	if (!at) {
		muted = false;
		saw("page", "absent");
		return;
	}
	look_at(at, &before);
	if (!apart)
		quiet_call(munmap, at, pages(ROW + 1));
	saw("page", textf("%s %s reads %s", before.perms[ODD][0] ? before.perms[ODD] : "unmapped", before.there,
			    before.contents));
	for (; attempts->name; attempts++) {
		spaces_from_start();
		forget_all_regions();
		if (!apart) {
			attempt_one(attempts, make, &before);
			continue;
		}
		space(ROW); /* the first place stays taken */
		in_child
			attempt_one(attempts, make, &before);
		if (strcmp(child_end(), "exited") != 0)
			saw(attempts->name, child_end());
	}
	muted = false;
}
