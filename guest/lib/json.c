/* The record protocol: one JSON object a line, written whole. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/utsname.h>
#include "internal.h"

int json_fd = 1;
static char line[256 * 1024];
static size_t used;

static void put(const char *text, size_t length)
{
	if (used + length < sizeof(line) - 64) {
		memcpy(line + used, text, length);
		used += length;
	}
}

static void putf(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void putf(const char *format, ...)
{
	char text[64];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* A JSON string; bytes that are no ASCII as Latin-1, so that the line is valid whatever a file was called. */
static void put_string(const char *text, size_t length)
{
	put("\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			putf("\\%c", c);
		else if (c < ' ' || c > '~')
			putf("\\u%04x", c);
		else
			put(text + i, 1);
	}
	put("\"", 1);
}

static void flush(void)
{
	size_t done = 0;

	line[used++] = '\n';
	while (done < used) {
		ssize_t n = write(json_fd, line + done, used - done);

		if (n < 0)
			_exit(4); /* nobody listens any more */
		done += (size_t)n;
	}
	used = 0;
}

static void put_words(const struct record *from)
{
	put(",\"saw\":{", 8);
	for (int i = 0; i < from->words; i++) {
		const struct word *word = &from->word[i];

		put(",", i > 0);
		put_string(word->name, strlen(word->name));
		put(":", 1);
		if (word->is_number)
			putf("%ld", word->number);
		else
			put_string(word->text, strlen(word->text));
	}
	put("}", 1);
}

static void put_trace(const struct record *from)
{
	const char *at = from->trace, *end = from->trace + from->traced;

	put(",\"trace\":[", 10);
	while (at < end) {
		size_t length = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at);

		put(",", at > from->trace);
		put_string(at, length);
		at += length + 1;
	}
	if (from->cut)
		put(",\"(cut)\"", 8);
	put("]", 1);
}

void json_record(const char *id, const char *end, const char *why, const struct record *from)
{
	put("{\"probe\":", 9);
	put_string(id, strlen(id));
	put(",\"end\":", 7);
	put_string(end, strlen(end));
	if (why[0]) {
		put(",\"why\":", 7);
		put_string(why, strlen(why));
	}
	put_words(from);
	put_trace(from);
	put("}", 1);
	flush();
}

void json_start(const char *id)
{
	/* Sent with its record: a guest that dies first has named the probe in its kernel log. */
	put("{\"start\":", 9);
	put_string(id, strlen(id));
	put("}", 1);
	put("\n", 1);
}

void json_hello(void)
{
	struct utsname name;

	uname(&name);
	putf("{\"hello\":1,\"page_size\":%zu,\"release\":", page_size);
	put_string(name.release, strlen(name.release));
	put(",\"machine\":", 11);
	put_string(name.machine, strlen(name.machine));
	put("}", 1);
	flush();
}

void json_done(int count)
{
	putf("{\"done\":%d}", count);
	flush();
}
