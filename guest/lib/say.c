/* What a probe says: words, endings, names of errnos and signals, lines of evidence. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

HOT struct record *record;
bool verbose;
_Thread_local bool muted;

static const struct {
	int number;
	const char *name;
} errnos[] = {
#define ERRNO(name) {name, #name},
#include "errnos.def"
#undef ERRNO
};

static const struct {
	int number, code;
	const char *name;
} signals[] = {
#define SIGNAL(name) {name, 0, #name},
#define CODE(number, code, name) {number, code, #number "/" #name},
#include "signals.def"
#undef SIGNAL
#undef CODE
};

char *ring(void)
{
	HOT static char texts[RING][TEXT];
	HOT static int next;

	next = (next + 1) % RING;
	texts[next][0] = '\0';
	return texts[next];
}

const char *textf(const char *format, ...)
{
	char *out = ring();
	va_list args;

	va_start(args, format);
	vsnprintf(out, TEXT, format, args);
	va_end(args);
	return out;
}

const char *errno_name(int number)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (errnos[i].number == number)
			return errnos[i].name;
	return textf("errno-%d", number);
}

const char *fault_name(int number, int code)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].number == number && signals[i].code == code)
			return signals[i].name;
	return code ? textf("%s/%d", fault_name(number, 0), code) : textf("SIG%d", number);
}

const char *signal_name(int number)
{
	return fault_name(number, 0);
}

bool failed_with(long result)
{
	return result < 0 && result >= -4095;
}

const char *outcome_of(long result)
{
	return failed_with(result) ? errno_name((int)-result) : "ok";
}

const char *yes(bool value)
{
	return value ? "yes" : "no";
}

void trace_line(const char *line)
{
	size_t length = strlen(line);

	if (muted)
		return;
	if (verbose)
		dprintf(2, "    %s\n", line);
	if (!record)
		return;
	if (record->traced + length + 2 > sizeof(record->trace)) {
		record->cut = true;
		return;
	}
	memcpy(record->trace + record->traced, line, length);
	record->traced += length;
	record->trace[record->traced++] = '\n';
}

void trace_note(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	trace_line(line);
}

static _Noreturn void end_as(const char *end, const char *format, va_list args)
{
	vsnprintf(record->why, sizeof(record->why), format, args);
	snprintf(record->end, sizeof(record->end), "%s", end);
	_exit(0);
}

void broken(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_as("broken", format, args);
}

void unmet(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_as("unmet", format, args);
}

static struct word *new_word(const char *name)
{
	for (int i = 0; i < record->words; i++)
		if (strcmp(record->word[i].name, name) == 0)
			broken("the word %s is said twice", name);
	if (record->words == WORDS)
		broken("more than %d words", WORDS);
	if (strlen(name) >= sizeof(record->word[0].name))
		broken("the word %s is too long", name);
	return &record->word[record->words];
}

/* Whether a text is a number as a number would be printed: the catalogue cannot tell those apart. */
static bool is_number(const char *text)
{
	char again[24];

	snprintf(again, sizeof(again), "%ld", strtol(text, NULL, 10));
	return strcmp(text, again) == 0;
}

void saw_text(const char *word, const char *value)
{
	struct word *new;

	if (value && is_number(value)) {
		saw_number(word, strtol(value, NULL, 10));
		return;
	}
	new = new_word(word);

	if (!value || strlen(value) >= sizeof(new->text))
		broken("%s: no value, or one that is too long", word);
	strcpy(new->name, word);
	strcpy(new->text, value);
	new->is_number = false;
	record->words++;
}

void saw_number(const char *word, long value)
{
	struct word *new = new_word(word);

	strcpy(new->name, word);
	new->number = value;
	new->is_number = true;
	record->words++;
}
