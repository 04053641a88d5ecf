/* What the files of lib/ share among themselves; probes do not see it. */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <sys/types.h>
#include "probe.h"

/* What nearly every probe writes lies together: every page that is written after a fork is copied. */
#define HOT __attribute__((section("hot")))

int prctl(int option, ...); /* sys/prctl.h and linux/prctl.h exclude each other */

enum { WORDS = 400, UNDOS = 64, TRACE_SIZE = 96 * 1024, RING = 16, TEXT = 160 };

struct word {
	char name[56];
	char text[TEXT];
	long number;
	bool is_number;
};

struct undo {
	char how[12]; /* "write", "unlink", "rmdir", "swapoff" */
	char path[128];
	char value[128];
};

/* One probe's record, in memory shared by the runner, the probe and its children. */
struct record {
	pid_t prober;
	char end[12]; /* "" while it runs */
	char why[256];
	int letters; /* given to addresses so far */
	int words;
	struct word word[WORDS];
	int undos;
	struct undo undo[UNDOS];
	size_t traced;
	bool cut;
	char trace[TRACE_SIZE];
};

struct probe {
	const char *id;
	void (*run)(void);
	const char *needs; /* words, separated by spaces */
};

extern struct record *record;
extern const struct probe probes[]; /* generated, sorted by id */
extern const size_t probe_count;
extern bool verbose; /* --verbose: trace to stderr as it happens */

/* say.c */
char *ring(void); /* one of RING short-lived texts of TEXT bytes */
const char *errno_name(int number);
const char *signal_name(int number);
const char *fault_name(int number, int code);
void trace_line(const char *line);

/* names.c: addresses as letters */
void name_region(unsigned long at, unsigned long length);
bool inside_region(unsigned long at); /* of a live mapping, or a dead one whose place is free */
void forget_region(unsigned long at, unsigned long length);
void forget_all_regions(void);
void address_text(char *out, size_t size, unsigned long at);
void length_text(char *out, size_t size, long long length);
const char *letter_of(const volatile void *at);

/* decode.c */
void prepare_decoding(void); /* once, before the first call that is traced */
void call_text(char *out, size_t size, enum call_number number, const long long args[6], long result);
const char *returns_of(enum call_number number);
const char *takes_of(enum call_number number);

/* touch.c */
void catch_faults(void);
const char *byte_name(unsigned char byte);

/* knob.c */
void undo_all(void);
void settle_run(void);
void unsettle_run(void);
int read_file(const char *path, char *out, size_t size); /* bytes, or -errno; ends in NUL */
int write_file(const char *path, const char *text);      /* 0 or -errno */

/* given.c */
char *space_of(size_t bytes, size_t alignment);
void write_pages(int fd, long n, char letter);
void spaces_from_start(void); /* for sweeps, which take every mapping away again */
void map_record(void);

/* proc.c */
extern bool keeps_smaps; /* sweeps look at it after every operation */

/* json.c */
enum { JSON_LINE = 256 * 1024 };
void json_prepare(char *memory);
void json_record(const char *id, const char *end, const char *why, const struct record *from);
void json_start(const char *id);
void json_hello(void);
void json_done(int count);
void json_text(const char *text);

/* proc.c: a file of /proc line by line, and the mappings that maps and smaps begin with */
struct lines {
	int fd;
	bool stays; /* it is not closed: sweeps look at smaps after every operation */
	size_t have, at, wants;
	char buffer[4096];
};
struct place {
	unsigned long from, to;
	char perms[8];
	char name[200];
};
bool open_lines(struct lines *lines, const char *path);
void close_lines(const struct lines *lines);
bool next_line(struct lines *lines, char *out, size_t size); /* without its end; false at the end, where it closes */
bool is_header(const char *line, struct place *place);

/* sweep.c: a fresh mapping of a kind, and what a process of its own says */
struct ground;
const char *fresh_ground(struct ground *ground, const char *(*make)(struct ground *));
void take_away(const struct ground *ground);

#endif
