/*
 * The vocabulary of a probe: given something, the act by call(), and saw("word", value).
 * This is the one header that files in probes/ include; there is no other way to make a system call there.
 * A probe never asks which kernel it runs on. How to write one: ../README.md.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/falloc.h>
#include <linux/ioctl.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <linux/prctl.h>
#include <linux/userfaultfd.h>
#include "constants.h"
#include "call.h"

/* One experiment. `name` is the id with "__" for "."; its prototype is generated from the catalogue. */
#define PROBE(name) void probe_##name(void)

/* ---- sizes -------------------------------------------------------------------------------------------- */
extern size_t page_size;
size_t pages(long n);   /* bytes of n pages */
size_t huge_size(void); /* bytes of one huge page (the default size); broken where there is none */
#define NOWHERE NULL    /* an address that the kernel may choose */
#define RW (PROT_READ | PROT_WRITE)

/* ---- what was seen ------------------------------------------------------------------------------------ */
/* saw("word", value): value is a text or a small number; each word once. No addresses, times, or counts under load. */
#define saw(word, value) _Generic((value), char *: saw_text, const char *: saw_text, default: saw_number)(word, value)
void saw_text(const char *word, const char *value);
void saw_number(const char *word, long value);
const char *outcome_of(long result); /* "ok" or the errno's name */
#define outcome(result) outcome_of((long)(result))
#define failed(result) failed_with((long)(result))
bool failed_with(long result);             /* whether call()'s result is an error (-4095 … -1) */
#define address(result) ((char *)(result)) /* call(mmap, …) as a pointer */
const char *yes(bool value);               /* "yes" or "no" */
const char *textf(const char *format, ...) __attribute__((format(printf, 1, 2))); /* short text, lives for 16 more */
#define note(...) (muted ? (void)0 : trace_note(__VA_ARGS__))                     /* a line of evidence in the trace */
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern _Thread_local bool muted; /* threads beside the probe leave no lines: their order is luck */
_Noreturn void broken(const char *format, ...) __attribute__((format(printf, 1, 2))); /* our own set-up failed */
_Noreturn void unmet(const char *format, ...) __attribute__((format(printf, 1, 2)));  /* what the config rules out */

/* ---- given -------------------------------------------------------------------------------------------- */
/*
 * Mappings stand alone: at fixed addresses with nothing near them (16 MiB apart and more), so that they merge with
 * nothing and have room to grow. Page i is filled with letter + i ('k' → k l m …); letter 0 leaves the pages untouched.
 */
long use_up_mappings(void);      /* as many as vm.max_map_count (set to 1000) allows; what the last mmap answered */
char *space(long n);             /* n free pages of address space, nothing mapped; a hint, a target */
char *anon(long n, char letter); /* private anonymous, read and write */
char *anon_with(long n, char letter, int prot, int flags); /* anonymous with these flags, MAP_PRIVATE|… */
char *shared_anon(long n, char letter);
char *mapped(int fd, long n, int prot, int flags); /* n pages of a file from its start, not touched */
char *huge(long n, char letter, int flags);        /* n huge pages; needs hugetlb; flags MAP_PRIVATE or MAP_SHARED */
int scratch_file(long n, char letter);             /* tmpfs, no name; letter 0: n pages of hole */
int ext4_file(long n, char letter);                /* needs ext4 */
int dax_file(long n, char letter);                 /* needs dax: ext4 on persistent memory */
int memfd(const char *name, long n, char letter, unsigned flags);
int shm_segment(long n, int flags);       /* System V segment in an IPC namespace of its own: its id */
char *shm_attached(int id, int flags);    /* attached at a place of its own */
void fill(char *at, long n, char letter); /* page i with letter + i */
void reopen(int fd, int flags);           /* the same file under the same number, opened with O_RDONLY, O_WRONLY, … */
const char *file_byte(int fd, size_t at); /* what read(2) sees there: "zero", the letter, "end" behind the end */

/* ---- touching memory: caught and traced ----------------------------------------------------------------- */
const char *peek(const volatile void *at); /* "zero", the letter, "0x9c", or "SIGSEGV/MAPERR", "SIGBUS/ADRERR", … */
const char *poke(volatile void *at, char letter); /* "ok" or the signal */
const char *contents(const volatile void *at,
	long n); /* a character per page: letter, '0' zero, '!' SIGSEGV, '#' SIGBUS, '?' other */
const char *poke_pages(volatile void *at, long n, char letter); /* "ok", or how the first that failed did */
const char *unasked(void);     /* SIGBUS for a broken page that nobody touched, or "none" */
void put_code(void *at);       /* a function that returns */
const char *execute(void *at); /* run it: "ok" or the signal */

/* ---- what the kernel says of memory ------------------------------------------------------------------- */
const char *residency(const void *at, long n);   /* mincore: "all", "some", "none", or an errno (ENOMEM: a hole) */
const char *populated(const void *at, long n);   /* page tables (pagemap's present bit): "all", "some", "none" */
const char *swapped(const void *at, long n);     /* pagemap's swap bit: "all", "some", "none" */
unsigned long frame_of(const volatile void *at); /* the page frame, 0: none; to compare, never a word (root only) */
const char *page_bit(const void *at, int bit);   /* any bit of a page's pagemap entry: "yes" or "no" */
const char *protection(const void *at);          /* "rw-p" as in maps, or "unmapped" */
int mapping_pages(const void *at);               /* length of the mapping that holds `at`, 0: unmapped */
const char *offset_in_mapping(const void *at);   /* "start", "inside", "unmapped" */
const char *vm_flag(const void *at, const char *two_letters); /* smaps VmFlags: "yes", "no", "unmapped" */
const char *vm_flags(const void *at);                         /* all of them, sorted as the kernel prints them */
int smaps_pages(const void *at, const char *key);    /* "Rss", "Swap", "Locked", …: pages; -1: no such mapping or key */
long smaps_number(const void *at, const char *key);  /* the number as it stands there; -1 likewise */
const char *mapping_name(const void *at);            /* the last column of maps, "" where empty */
long proc_number(const char *path, const char *key); /* "/proc/self/status" "VmLck": the number after it; -1 */
long file_number(const char *path);                  /* the number that a file begins with; -1: no such file */
const char *file_word(const char *path); /* first word of a file (the bracketed one of a choice), or an errno */
const char *file_has(const char *path, const char *text); /* "yes", "no" or an errno */

/* ---- other processes ------------------------------------------------------------------------------------ */
/* in_child { … }: the block runs in a forked child; the parent waits. What it saw counts. */
#define in_child for (; child_begins(); child_ends())
int child_begins(void);
_Noreturn int child_ends(void);
const char *child_end(void);                            /* of the last in_child: "exited" or the signal */
int other_process(void);                                /* a fork that sleeps until the probe ends: its pid */
void end_other(int pid);                                /* kill it and wait */
void become_user(void);                                 /* uid and gid 65534, no capabilities */
void drop_capability(int number);                       /* CAP_… from the effective, permitted and inheritable sets */
void set_limit(int resource, unsigned long soft_bytes); /* soft limit, and the hard one where it must */
void set_hard_limit(int resource, unsigned long bytes);

/* ---- knobs: restored when the probe ends, however it ends ------------------------------------------------- */
void set_knob(const char *path, const char *value);        /* broken where it cannot be set */
const char *try_knob(const char *path, const char *value); /* "ok" or the errno */
const char *knob(const char *path);                        /* its value as before this run */
void thp(const char *mode);                                /* always, madvise, never; needs thp */
void drop_caches(void);                                    /* write back, drop page cache and slabs */
void undo_by_unlink(const char *path);
void undo_by_swapoff(const char *path);
void undo_by_rmdir(const char *path);

#endif
