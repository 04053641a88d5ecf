/*
 * Constants that some targets' headers lack. 0 means "this architecture has no such thing": the decoder then
 * never prints the name, and a probe that passes it passes nothing. A number stands here with its source.
 */
#ifndef CONSTANTS_H
#define CONSTANTS_H

#include <asm/unistd.h>

/* On 32 bits its structs differ from those of the C library's fcntl.h, which lib/ includes as well. */
#define flock kernel_flock
#define flock64 kernel_flock64
#include <linux/fcntl.h>
#undef flock
#undef flock64
#include <linux/mman.h>

/* 32-bit targets: the calls whose plain form takes a struct or a 32-bit offset */
#ifdef __NR_mmap2 /* its offset is in units of 4096 bytes, mmap2(2) */
#undef __NR_mmap
#define __NR_mmap __NR_mmap2
#define MMAP_OFFSET_UNIT 4096
#else
#define MMAP_OFFSET_UNIT 1
#endif
#ifdef __NR_ftruncate64
#undef __NR_ftruncate
#define __NR_ftruncate __NR_ftruncate64
#endif

#ifndef MAP_32BIT /* x86 only; the bit itself, for the probes that ask what others make of it: asm-x86/mman.h */
#define MAP_32BIT 0
#endif
#define BIT_OF_MAP_32BIT 0x40
#ifndef MAP_NONBLOCK
#define MAP_NONBLOCK 0
#endif
#ifndef MAP_STACK
#define MAP_STACK 0
#endif
#ifndef MAP_SYNC /* powerpc, sparc, … took it from mman-common.h late */
#define MAP_SYNC 0x80000
#endif
#ifndef MAP_UNINITIALIZED
#define MAP_UNINITIALIZED 0x4000000
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MADV_SOFT_OFFLINE /* not in mips's asm/mman.h; asm-generic/mman-common.h */
#define MADV_SOFT_OFFLINE 101
#endif
#ifndef PROT_SEM
#define PROT_SEM 0
#endif
#ifndef PROT_BTI /* arm64: asm/mman.h */
#define PROT_BTI 0
#endif
#ifndef PROT_MTE
#define PROT_MTE 0
#endif
#ifndef PROT_SAO /* powerpc: asm/mman.h */
#define PROT_SAO 0
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 8
#endif

#endif
