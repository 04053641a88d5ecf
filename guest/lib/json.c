/* The record protocol: one JSON object a line. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <sys/utsname.h>
#include "internal.h"

int json_fd = 1;
enum { KEPT = 64 * 1024, MOMENT_MS = 100 };

HOT static char *line;        /* of JSON_LINE and KEPT bytes: whole lines, and the one that is being made */
HOT static size_t used, kept; /* bytes; of those, in whole lines */
HOT static struct timespec sent;

void json_prepare(char *memory)
{
	line = memory;
}

static void put(const char *text, size_t length)
{
	if (used - kept + length < JSON_LINE - 64) {
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

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* A JSON string; bytes that are no ASCII as Latin-1, so that the line is valid whatever a file was called. */
static void put_string(const char *text, size_t length)
{
	put("\"", 1);
	while (length) {
		size_t plain = 0;

		while (plain < length && is_plain((unsigned char)text[plain]))
			plain++;
		put(text, plain);
		text += plain;
		length -= plain;
		if (length) {
			putf(*text == '"' || *text == '\\' ? "\\%c" : "\\u%04x", (unsigned char)*text);
			text++;
			length--;
		}
	}
	put("\"", 1);
}

static void send(void)
{
	size_t done = 0;

	while (done < kept) {
		ssize_t n = write(json_fd, line + done, kept - done);

		if (n < 0)
			_exit(4); /* nobody listens any more */
		done += (size_t)n;
	}
	memmove(line, line + kept, used - kept);
	used -= kept;
	kept = 0;
	clock_gettime(CLOCK_MONOTONIC, &sent);
}

/* Ends the line. Lines are kept for a moment: each write costs the guest's SSH server more than the probe cost. */
static void end_line(void)
{
	struct timespec now;

	line[used++] = '\n';
	kept = used;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (kept > KEPT || (now.tv_sec - sent.tv_sec) * 1000 + (now.tv_nsec - sent.tv_nsec) / 1000000 >= MOMENT_MS)
		send();
}

/* Without printf, whose frame is two pages of stack: the runner's own are copied after every fork. */
static void put_number(long number)
{
	char text[24], *at = text + sizeof(text);
	unsigned long left = number < 0 ? -(unsigned long)number : (unsigned long)number;

	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*--at = '-';
	put(at, (size_t)(text + sizeof(text) - at));
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
			put_number(word->number);
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
	end_line();
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
	end_line();
}

void json_done(int count)
{
	putf("{\"done\":%d}", count);
	end_line();
	send();
}
