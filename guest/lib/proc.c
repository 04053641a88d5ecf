/* What /proc says of one mapping: maps, smaps; numbers of other files. No allocation: brk is a subject. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

enum { SMALL = 800, HIGH = 210 }; /* one mapping of smaps: what is not read is not counted together by the kernel */

bool keeps_smaps;

static struct lines file; /* one for all: every page that a probe writes costs a fault */

/* Opening it costs as much as reading it. Each process its own, out of the way of what a probe opens. */
static int kept_smaps(void)
{
	static int kept = -1;
	static pid_t owner;
	int fd;

	if (owner == getpid())
		return lseek(kept, 0, SEEK_SET) == 0 ? kept : -1;
	fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	if (fd >= 0)
		close(fd);
	owner = kept < 0 ? 0 : getpid();
	return kept;
}

bool open_lines(struct lines *lines, const char *path)
{
	bool smaps = strcmp(path, "/proc/self/smaps") == 0;

	lines->stays = smaps && keeps_smaps;
	lines->fd = lines->stays ? kept_smaps() : open(path, O_RDONLY | O_CLOEXEC);
	lines->have = lines->at = 0;
	lines->wants = smaps ? SMALL : sizeof(lines->buffer);
	return lines->fd >= 0;
}

void close_lines(const struct lines *lines)
{
	if (!lines->stays)
		close(lines->fd);
}

static bool more(struct lines *lines)
{
	ssize_t got = read(lines->fd, lines->buffer, lines->wants);

	lines->at = 0;
	lines->have = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* The next line without its end, cut to `size`; false at the end, where the file is closed. */
bool next_line(struct lines *lines, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (;;) {
		const char *from = lines->buffer + lines->at, *end;
		size_t length;

		if (lines->at == lines->have) {
			if (more(lines))
				continue;
			close_lines(lines);
			return n > 0;
		}
		end = memchr(from, '\n', lines->have - lines->at);
		length = end ? (size_t)(end - from) : lines->have - lines->at;
		lines->at += length + (end != NULL);
		length = length < size - 1 - n ? length : size - 1 - n;
		memcpy(out + n, from, length);
		n += length;
		out[n] = '\0';
		if (end)
			return true;
	}
}

/* "2000000000-2000004000 rw-p 00000000 00:00 0     [name]"; the keys of smaps begin with a capital */
bool is_header(const char *line, struct place *place)
{
	char *at;

	if (line[0] >= 'A' && line[0] <= 'Z')
		return false;
	place->from = strtoul(line, &at, 16);
	if (*at != '-')
		return false;
	place->to = strtoul(at + 1, &at, 16);
	at += *at == ' ';
	memcpy(place->perms, at, 4);
	place->perms[4] = '\0';
	return true;
}

/* What stands behind range, permissions, offset, device and inode. */
static const char *last_column(const char *line)
{
	for (int column = 0; column < 5; column++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

/* Finds the mapping that holds `at`; then, where `key` is given, its line in smaps ("VmFlags:", "Rss:"). */
static bool find_place(const void *at, struct place *place, const char *key, char *value, size_t size)
{
	char line[400];
	struct place each = {0};
	bool inside = false, found = false;

	if (!open_lines(&file, key ? "/proc/self/smaps" : "/proc/self/maps"))
		broken("/proc/self/maps: %s", errno_name(errno));
	while (next_line(&file, line, sizeof(line))) {
		if (is_header(line, &each)) {
			if (found || each.from > (unsigned long)at) { /* what follows costs the kernel a walk */
				close_lines(&file);
				break;
			}
			inside = each.from <= (unsigned long)at && (unsigned long)at < each.to;
			if (inside) {
				*place = each;
				snprintf(place->name, sizeof(place->name), "%s", last_column(line));
				found = !key;
			}
		} else if (inside && key && strncmp(line, key, strlen(key)) == 0) {
			snprintf(value, size, "%s", line + strlen(key) + strspn(line + strlen(key), " \t"));
			found = true;
		}
	}
	return found;
}

const char *protection(const void *at)
{
	struct place place;
	const char *seen = find_place(at, &place, NULL, NULL, 0) ? textf("%s", place.perms) : "unmapped";

	note("maps of %s: %s", letter_of(at), seen);
	return seen;
}

int mapping_pages(const void *at)
{
	struct place place;
	int n = find_place(at, &place, NULL, NULL, 0) ? (int)((place.to - place.from) / page_size) : 0;

	note("maps of %s: %dp", letter_of(at), n);
	return n;
}

const char *offset_in_mapping(const void *at)
{
	struct place place;

	if (!find_place(at, &place, NULL, NULL, 0))
		return "unmapped";
	return place.from == (unsigned long)at ? "start" : "inside";
}

const char *mapping_name(const void *at)
{
	struct place place;
	const char *seen = find_place(at, &place, NULL, NULL, 0) ? textf("%s", place.name) : "unmapped";

	note("maps of %s: '%s'", letter_of(at), seen);
	return seen;
}

const char *vm_flags(const void *at)
{
	struct place place;
	char value[TEXT] = "";
	size_t n;

	if (!find_place(at, &place, "VmFlags:", value, sizeof(value)))
		snprintf(value, sizeof(value), "unmapped");
	n = strlen(value);
	while (n && value[n - 1] == ' ')
		value[--n] = '\0';
	note("smaps of %s: VmFlags %s", letter_of(at), value);
	return textf("%s", value);
}

const char *vm_flag(const void *at, const char *two_letters)
{
	const char *all = vm_flags(at);

	for (const char *flag = all; strcmp(all, "unmapped") != 0; flag++) {
		if (strncmp(flag, two_letters, 2) == 0)
			return "yes";
		flag = strchr(flag, ' ');
		if (!flag)
			return "no";
	}
	return "unmapped";
}

int smaps_pages(const void *at, const char *key)
{
	struct place place;
	char value[TEXT], name[40];
	int n = -1;

	snprintf(name, sizeof(name), "%s:", key);
	if (find_place(at, &place, name, value, sizeof(value)))
		n = (int)(strtoul(value, NULL, 10) / (page_size >> 10));
	note("smaps of %s: %s %dp", letter_of(at), name, n);
	return n;
}

long smaps_number(const void *at, const char *key)
{
	struct place place;
	char value[TEXT], name[40];
	long number = -1;

	snprintf(name, sizeof(name), "%s:", key);
	if (find_place(at, &place, name, value, sizeof(value)))
		number = strtol(value, NULL, 10);
	note("smaps of %s: %s %ld", letter_of(at), name, number);
	return number;
}

long proc_number(const char *path, const char *key)
{
	char line[400];
	long number = -1;

	if (!open_lines(&file, path))
		return -1;
	while (next_line(&file, line, sizeof(line)))
		if (strncmp(line, key, strlen(key)) == 0 && strchr(" \t:0123456789", line[strlen(key)]))
			number = strtol(line + strlen(key) + strspn(line + strlen(key), ": \t"), NULL, 10);
	return number;
}

const char *file_word(const char *path)
{
	char text[512], *word = text;
	int n = read_file(path, text, sizeof(text));

	if (n < 0)
		return errno_name(-n);
	if (strchr(text, '[') && strchr(text, ']')) {
		word = strchr(text, '[') + 1;
		*strchr(word, ']') = '\0';
	}
	word[strcspn(word, " \t\n")] = '\0';
	note("%s: %.100s", path, word);
	return textf("%s", word);
}

const char *file_has(const char *path, const char *text)
{
	char line[400];
	bool found = false;

	if (!open_lines(&file, path))
		return errno_name(errno);
	while (next_line(&file, line, sizeof(line)))
		found = found || strstr(line, text);
	note("%s: %s \"%s\"", path, found ? "has" : "has not", text);
	return yes(found);
}

long file_number(const char *path)
{
	char text[64];

	return read_file(path, text, sizeof(text)) <= 0 ? -1 : strtol(text, NULL, 10);
}
