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
#define EACH_FLAG(f)                                                                                                   \
	const struct flag *f = flags;                                                                                  \
	f < flags + sizeof(flags) / sizeof(flags[0]);                                                                  \
	f++

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

static bool is_set(const char *set, bool *enumerated)
{
	bool found = false;

	*enumerated = true;
	for (EACH_FLAG(f))
		if (strcmp(f->set, set) == 0) {
			found = true;
			*enumerated = *enumerated && f->kind == ONE;
		}
	return found;
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

static void put_set(struct out *out, const char *set, unsigned long value, bool enumerated)
{
	unsigned long left = value;
	char rest[32];

	out->pieces = 0;
	for (EACH_FLAG(f))
		if (f->kind == ONE && strcmp(f->set, set) == 0 && (f->value == value || (int)f->value == (int)value)) {
			put_piece(out, f->name);
			return;
		}
	for (EACH_FLAG(f))
		if (strcmp(f->set, set) == 0 && f->kind != ONE && f->kind != BIT)
			left = put_flag(out, f, value, left);
	for (EACH_FLAG(f))
		if (strcmp(f->set, set) == 0 && f->kind == BIT)
			left = put_flag(out, f, value, left);
	if (left == 0 && out->pieces)
		return;
	snprintf(rest, sizeof(rest),
		enumerated && (long)left >= 0 && left < 1000 ? "%ld"
		: left                                       ? "%#lx"
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

static void put_arg(struct out *out, const char *kind, long long value)
{
	bool enumerated;

	if (strcmp(kind, "pid") == 0)
		put_pid(out, value);
	else if (strcmp(kind, "key") == 0 && value != 0)
		put_plain(out, "hex", value);
	else if (is_set(kind, &enumerated))
		put_set(out, kind, enumerated ? (unsigned int)value : (unsigned long)value, enumerated);
	else
		put_plain(out, kind, value);
}

void call_text(char *text, size_t size, enum call_number number, const long long args[6], long result)
{
	struct out out = {text, size, 0};
	const char *takes = calls[number].takes;
	char kind[16];

	put(&out, calls[number].name);
	put(&out, "(");
	for (int i = 0; *takes && i < 6; i++) {
		size_t length = strcspn(takes, " ");

		snprintf(kind, sizeof(kind), "%.*s", (int)length, takes);
		put(&out, i ? ", " : "");
		put_arg(&out, kind, args[i]);
		takes += length;
		takes += strspn(takes, " ");
	}
	put(&out, ") = ");
	if (failed_with(result)) {
		put(&out, "-1 ");
		put(&out, errno_name((int)-result));
	} else {
		put_arg(&out, calls[number].returns, result);
	}
}
