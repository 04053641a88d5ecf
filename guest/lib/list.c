/* Everything that a file or a folder of /proc and /sys names, a word each. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "internal.h"
#include "list.h"

enum { WORD = 56 };

const char *as_word(const char *name)
{
	char *out = ring();
	size_t n = 0;

	for (; *name && n + 1 < WORD; name++)
		if (isalnum((unsigned char)*name))
			out[n++] = (char)tolower((unsigned char)*name);
		else if (n && out[n - 1] != '_')
			out[n++] = '_';
	while (n && out[n - 1] == '_')
		n--;
	out[n] = '\0';
	return out;
}

static bool said(const char *word)
{
	for (int i = 0; i < record->words; i++)
		if (strcmp(record->word[i].name, word) == 0)
			return true;
	return false;
}

void see_keys(const char *path)
{
	static char text[256 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	saw("file", yes(fd >= 0));
	close(fd);
	text[length] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char key[WORD];

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, ": \t"), line);
		/* A line of smaps that begins with an address may begin with a letter. */
		if (isalpha((unsigned char)key[0]) && !strchr(key, '-') && !said(as_word(key)))
			saw(as_word(key), "there");
	}
	note("%s: %d keys", path, record->words - 1);
}

void see_entries(const char *folder, bool (*has_value)(const char *name))
{
	struct dirent *entry;
	DIR *all = opendir(folder);

	saw("folder", yes(all != NULL));
	while (all && (entry = readdir(all))) {
		char path[300];
		int block;

		/* How many blocks of memory there are follows from how much memory there is. */
		if (entry->d_name[0] == '.' || sscanf(entry->d_name, "memory%d", &block) == 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR || !has_value || !has_value(entry->d_name))
			saw(as_word(entry->d_name), "there");
		else
			saw(as_word(entry->d_name), knob(path));
	}
	if (all)
		closedir(all);
	note("%s: %d entries", folder, record->words - 1);
}
