/* call(): one traced system call; what the kernel returned, errors as -errno. */
#ifndef CALL_H
#define CALL_H

#include <stdint.h>

enum call_number {
#define SYSCALL(name, returns, takes) CALL_##name,
#include "syscalls.def"
#undef SYSCALL
	CALLS
};

/* 64 bits of any argument: 64-bit integers as they are, everything else through a pointer's width */
#define ARG64(x) ((long long)_Generic((x), long long: (x), unsigned long long: (x), default: (uintptr_t)(x)))
#define ARGS_0() 0
#define ARGS_1(a) ARG64(a)
#define ARGS_2(a, ...) ARG64(a), ARGS_1(__VA_ARGS__)
#define ARGS_3(a, ...) ARG64(a), ARGS_2(__VA_ARGS__)
#define ARGS_4(a, ...) ARG64(a), ARGS_3(__VA_ARGS__)
#define ARGS_5(a, ...) ARG64(a), ARGS_4(__VA_ARGS__)
#define ARGS_6(a, ...) ARG64(a), ARGS_5(__VA_ARGS__)
#define ARGS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define ARGS_EACH(...)                                                                                                 \
	ARGS_PICK(_0 __VA_OPT__(, ) __VA_ARGS__, ARGS_6, ARGS_5, ARGS_4, ARGS_3, ARGS_2, ARGS_1, ARGS_0)(__VA_ARGS__)

#define call(name, ...) traced_call(CALL_##name, (long long[6]){ARGS_EACH(__VA_ARGS__)})
long traced_call(enum call_number number, const long long args[6]);

/* the same without a trace, for what lib/ itself does */
#define quiet_call(name, ...) untraced_call(CALL_##name, (long long[6]){ARGS_EACH(__VA_ARGS__)})
long untraced_call(enum call_number number, const long long args[6]);

/* numbers that the table does not name: is it there? Only for sweeps; args are all `arg`. */
long call_by_number(long number, unsigned long arg);

#endif
