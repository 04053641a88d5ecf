/* A call as text, from the one-line tables: fields before bits, unknown bits in hex, never dropped. */
#include <stdio.h>
#include <unistd.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/personality.h>
#include <linux/resource.h>
#include <linux/shm.h>
#include "internal.h"
#include "newer.h"

enum kind { FIELD, BIT, ONE, SHIFT };

static const struct flag {
	const char *set;
	enum kind kind;
	unsigned long mask, value;
	const char *name;
	int shift;
} flags[] = {
#define FIELD(set, mask, value) {#set, FIELD, mask, value, #value, 0},
#define BIT(set, value) {#set, BIT, value, value, #value, 0},
#define ONE(set, value) {#set, ONE, ~0UL, (unsigned long)(value), #value, 0},
#define SHIFT(set, shift, mask, when) {#set, SHIFT, mask, when, #shift, shift},
#include "flags.def"
#undef FIELD
#undef BIT
#undef ONE
#undef SHIFT
};
enum { FLAGS = sizeof(flags) / sizeof(flags[0]), SETS = 64, WORD = 12 };

static const struct {
	const char *name, *returns, *takes;
} calls[] = {
#define SYSCALL(name, returns, takes) {#name, returns, takes},
#include "syscalls.def"
#undef SYSCALL
};

const char *returns_of(enum call_number number)
{
	return calls[number].returns;
}

const char *takes_of(enum call_number number)
{
	return calls[number].takes;
}

struct out {
	char *at;
	size_t left;
	int pieces;
};

static void put(struct out *out, const char *text)
{
	int n = snprintf(out->at, out->left, "%s", text);
	size_t used = n < 0 ? 0 : (size_t)n < out->left ? (size_t)n : out->left - 1;

	out->at += used;
	out->left -= used;
}

static void put_piece(struct out *out, const char *text)
{
	if (out->pieces++)
		put(out, "|");
	put(out, text);
}

/* The flags of one set, in the order of the table; the texts of a call's line, taken apart. Made once, before any fork.
 */
static struct set {
	const char *name;
	int first, end; /* in `ordered` */
	bool enumerated;
} sets[SETS];
static const struct flag *ordered[FLAGS];

static struct text {
	const struct set *set; /* or NULL */
	char kind[WORD];
} words[CALLS][7]; /* six arguments, and what the call returns */

static const struct set *set_named(const char *name)
{
	for (const struct set *set = sets; set->name; set++)
		if (strcmp(set->name, name) == 0)
			return set;
	return NULL;
}

static void gather_sets(void)
{
	struct set *set = sets;
	int n = 0;

	for (int i = 0; i < FLAGS; i++) {
		if (set_named(flags[i].set))
			continue;
		*set = (struct set){flags[i].set, n, n, true};
		for (int j = i; j < FLAGS; j++)
			if (strcmp(flags[j].set, set->name) == 0) {
				ordered[n++] = &flags[j];
				set->enumerated = set->enumerated && flags[j].kind == ONE;
			}
		set->end = n;
		if (++set == sets + SETS - 1)
			_exit(5); /* a larger table is needed */
	}
}

static void take_apart(struct text *out, const char *text, int most)
{
	for (int i = 0; *text && i < most; i++) {
		size_t length = strcspn(text, " ");

		snprintf(out[i].kind, WORD, "%.*s", (int)length, text);
		out[i].set = set_named(out[i].kind);
		text += length;
		text += strspn(text, " ");
	}
}

void prepare_decoding(void)
{
	gather_sets();
	for (int i = 0; i < CALLS; i++) {
		take_apart(words[i], calls[i].takes, 6);
		take_apart(words[i] + 6, calls[i].returns, 1);
	}
}

/* Takes the flag's part out of `left` and prints it, where it is there. */
static unsigned long put_flag(struct out *out, const struct flag *f, unsigned long all, unsigned long left)
{
	char number[48];

	switch (f->kind) {
	case FIELD:
		if ((left & f->mask) != f->value)
			return left;
		break;
	case BIT:
		if (f->value == 0 || (left & f->value) != f->value)
			return left;
		break;
	case SHIFT:
		if (!(all & f->value) || !(left & (f->mask << f->shift)))
			return left;
		snprintf(number, sizeof(number), "%lu<<%s", (left >> f->shift) & f->mask, f->name);
		put_piece(out, number);
		return left & ~(f->mask << f->shift);
	case ONE:
		return left;
	}
	put_piece(out, f->name);
	return left & ~f->mask;
}

static void put_set(struct out *out, const struct set *set, unsigned long value)
{
	unsigned long left = value;
	char rest[32];

	out->pieces = 0;
	for (int i = set->first; i < set->end; i++)
		if (ordered[i]->kind == ONE && (unsigned int)ordered[i]->value == (unsigned int)value) {
			put_piece(out, ordered[i]->name);
			return;
		}
	for (int i = set->first; i < set->end; i++)
		if (ordered[i]->kind != ONE && ordered[i]->kind != BIT)
			left = put_flag(out, ordered[i], value, left);
	for (int i = set->first; i < set->end; i++)
		if (ordered[i]->kind == BIT)
			left = put_flag(out, ordered[i], value, left);
	if (left == 0 && out->pieces)
		return;
	snprintf(rest, sizeof(rest),
		set->enumerated && (long)left >= 0 && left < 1000 ? "%ld"
		: left                                            ? "%#lx"
								  : "%ld",
		(long)left);
	put_piece(out, rest);
}

static void put_pid(struct out *out, long long value)
{
	char text[32];

	if (value == getpid())
		put(out, "self");
	else if (value > 1)
		put(out, "other");
	else {
		snprintf(text, sizeof(text), "%lld", value);
		put(out, text);
	}
}

static void put_plain(struct out *out, const char *kind, long long value)
{
	char text[200];

	if (strcmp(kind, "addr") == 0 || strcmp(kind, "ptr") == 0)
		address_text(text, sizeof(text), (unsigned long)value);
	else if (strcmp(kind, "len") == 0 || strncmp(kind, "off", 3) == 0)
		length_text(text, sizeof(text), strcmp(kind, "off64") == 0 ? value : (long)value);
	else if (strcmp(kind, "str") == 0)
		snprintf(text, sizeof(text), value ? "\"%s\"" : "NULL", (const char *)(uintptr_t)value);
	else if (strcmp(kind, "hex") == 0)
		snprintf(text, sizeof(text), value ? "%#lx" : "0", (unsigned long)value);
	else if (strcmp(kind, "oct") == 0)
		snprintf(text, sizeof(text), "%#lo", (unsigned long)value);
	else if (strcmp(kind, "id") == 0)
		snprintf(text, sizeof(text), value < 0 ? "%ld" : "id", (long)value);
	else
		snprintf(text, sizeof(text), "%ld", (long)(int)value);
	put(out, text);
}

static void put_word(struct out *out, const struct text *word, long long value)
{
	if (word->set && strcmp(word->kind, "key") != 0)
		put_set(out, word->set, word->set->enumerated ? (unsigned int)value : (unsigned long)value);
	else if (word->set && value == 0)
		put_set(out, word->set, 0);
	else if (strcmp(word->kind, "pid") == 0)
		put_pid(out, value);
	else
		put_plain(out, word->set ? "hex" : word->kind, value);
}

void call_text(char *text, size_t size, enum call_number number, const long long args[6], long result)
{
	struct out out = {text, size, 0};
	const struct text *word = words[number];

	put(&out, calls[number].name);
	put(&out, "(");
	for (int i = 0; i < 6 && word[i].kind[0]; i++) {
		put(&out, i ? ", " : "");
		put_word(&out, &word[i], args[i]);
	}
	put(&out, ") = ");
	if (failed_with(result)) {
		put(&out, "-1 ");
		put(&out, errno_name((int)-result));
	} else {
		put_word(&out, &word[6], result);
	}
}
