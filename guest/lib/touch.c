/* Touching memory: SIGSEGV, SIGBUS and SIGILL are caught, named with their si_code, and traced. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include "internal.h"

static _Thread_local sigjmp_buf back;
static _Thread_local volatile sig_atomic_t armed;
static _Thread_local volatile int caught, caught_code;

static volatile sig_atomic_t unasked_code;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (!armed && number == SIGBUS && (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO) &&
		!unasked_code) {
		unasked_code = info->si_code; /* news of a broken page; the touch will tell it again */
		return;
	}
	if (!armed) { /* not ours: let it happen again, and kill */
		signal(number, SIG_DFL);
		return;
	}
	armed = 0;
	caught = number;
	caught_code = info->si_code;
	siglongjmp(back, 1);
}

/* A signal handler begins with the kernel's own rights to protection keys, and siglongjmp leaves them so. */
#if defined(__x86_64__) || defined(__i386__)
static bool has_keys;

static void find_keys(void)
{
	enum { FEATURES = 7, KEYS_ARE_ON = 1 << 4 /* OSPKE */ };
	unsigned a, b, c, d;

	has_keys = __get_cpuid_count(FEATURES, 0, &a, &b, &c, &d) && (c & KEYS_ARE_ON);
}

static unsigned key_rights(void)
{
	unsigned rights = 0, zero;

	if (has_keys)
		__asm__ volatile(".byte 0x0f,0x01,0xee" : "=a"(rights), "=d"(zero) : "c"(0)); /* rdpkru */
	return rights;
}

static void set_key_rights(unsigned rights)
{
	if (has_keys)
		__asm__ volatile(".byte 0x0f,0x01,0xef" : : "a"(rights), "c"(0), "d"(0) : "memory"); /* wrpkru */
}
#else
static void find_keys(void)
{
}

static unsigned key_rights(void)
{
	return 0;
}

static void set_key_rights(unsigned rights)
{
	(void)rights;
}
#endif

const char *unasked(void)
{
	const char *seen = unasked_code ? fault_name(SIGBUS, unasked_code) : "none";

	note("signal without a touch: %s", seen);
	return seen;
}

void catch_faults(void)
{
	static char stack[64 * 1024]; /* SVE and AVX-512 frames are larger than SIGSTKSZ */
	stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};

	find_keys();
	sigaltstack(&other, NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static const char *after_fault(unsigned rights)
{
	set_key_rights(rights);
	return fault_name(caught, caught_code);
}

/* Runs what follows once; after a fault caught in it, `name` is the fault's. */
#define ATTEMPT(name)                                                                                                  \
	for (volatile unsigned rights_ = key_rights(),                                                                 \
			       once_ = (caught = 0,                                                                    \
				       sigsetjmp(back, 0) == 0 ? (armed = 1) : ((name) = after_fault(rights_), 0));    \
		once_; once_ = armed = 0)

const char *byte_name(unsigned char byte)
{
	if (byte == 0)
		return "zero";
	return byte > ' ' && byte < 127 && byte != '"' && byte != '\\' ? textf("%c", byte) : textf("%#x", byte);
}

static const char *quiet_peek(const volatile void *at, int *byte)
{
	const char *volatile fault = NULL;
	volatile int value = -1;

	ATTEMPT(fault)
	value = *(const volatile unsigned char *)at;
	*byte = value;
	return fault;
}

static const char *quiet_poke(volatile void *at, char letter)
{
	const char *volatile fault = NULL;

	ATTEMPT(fault)
	*(volatile char *)at = letter;
	return fault ? fault : "ok";
}

const char *peek(const volatile void *at)
{
	int byte;
	const char *fault = quiet_peek(at, &byte), *seen = fault ? fault : byte_name((unsigned char)byte);

	note("*%s = %s", letter_of(at), seen);
	return seen;
}

const char *poke(volatile void *at, char letter)
{
	const char *seen = quiet_poke(at, letter);

	note("*%s := '%c': %s", letter_of(at), letter, seen);
	return seen;
}

const char *contents(const volatile void *at, long n)
{
	const volatile char *byte = at;
	char *out = ring();

	if (n >= TEXT)
		broken("contents: at most %d pages", TEXT - 1);
	for (long i = 0; i < n; i++) {
		int value;
		const char *fault = quiet_peek(byte + pages(i), &value);

		if (fault)
			out[i] = strncmp(fault, "SIGSEGV", 7) == 0 ? '!' : strncmp(fault, "SIGBUS", 6) == 0 ? '#' : '?';
		else
			out[i] = value == 0 ? '0' : value > ' ' && value < 127 ? (char)value : '?';
		out[i + 1] = '\0';
	}
	note("%s, %ldp: %s", letter_of(at), n, out);
	return out;
}

const char *poke_pages(volatile void *at, long n, char letter)
{
	volatile char *byte = at;
	const char *seen = "ok";

	for (long i = 0; i < n && strcmp(seen, "ok") == 0; i++)
		seen = quiet_poke(byte + pages(i), letter);
	note("%s, %ldp := '%c': %s", letter_of(at), n, letter, seen);
	return seen;
}

/* A function that does nothing but return, for each architecture. */
static const unsigned char returns[] = {
#if defined(__x86_64__) || defined(__i386__)
	0xc3,
#elif defined(__aarch64__)
	0xc0,
	0x03,
	0x5f,
	0xd6,
#elif defined(__arm__)
	0x1e,
	0xff,
	0x2f,
	0xe1,
#elif defined(__riscv)
	0x67,
	0x80,
	0x00,
	0x00,
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	0x20,
	0x00,
	0x80,
	0x4e,
#elif defined(__s390x__)
	0x07,
	0xfe,
#elif defined(__loongarch__)
	0x20,
	0x00,
	0x00,
	0x4c,
#elif defined(__mips__) && defined(__MIPSEL__)
	0x08,
	0x00,
	0xe0,
	0x03,
	0x00,
	0x00,
	0x00,
	0x00,
#else
#error "which instruction returns on this architecture?"
#endif
};

/* What was stored becomes code. zig's runtime has __clear_cache for some architectures only. */
static void flush_code(void *at)
{
#if defined(__powerpc64__)
	__asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r"(at) : "memory");
#elif defined(__riscv)
	__asm__ volatile(".4byte 0x0000100f" : : "r"(at) : "memory"); /* fence.i: one hart at a time is ours */
#elif defined(__s390x__)
	(void)at; /* its instruction cache sees every store */
#else
	__builtin___clear_cache(at, (char *)at + sizeof(returns));
#endif
}

void put_code(void *at)
{
	memcpy(at, returns, sizeof(returns));
	flush_code(at);
	note("%s: code that returns", letter_of(at));
}

const char *execute(void *at)
{
	const char *volatile fault = NULL;
	union {
		void *data;
		void (*function)(void);
	} target = {at};

	ATTEMPT(fault)
	target.function();
	note("%s(): %s", letter_of(at), fault ? fault : "ok");
	return fault ? fault : "ok";
}
