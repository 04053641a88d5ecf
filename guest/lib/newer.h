/* Constants newer than some headers, or that their headers hide: each with its source. */
#ifndef NEWER_H
#define NEWER_H

#include <linux/falloc.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/userfaultfd.h>
#include "constants.h"

#define MPOL_MODES 0x1fff /* what the MPOL_F_ mode flags (bits 13 to 15) leave: linux/mempolicy.h */
#ifndef SEEK_DATA
#define SEEK_DATA 3 /* linux/fs.h */
#define SEEK_HOLE 4
#endif
#ifndef SWAP_FLAG_PREFER /* include/linux/swap.h, not exported; swapon(2) */
#define SWAP_FLAG_PREFER 0x8000
#define SWAP_FLAG_DISCARD 0x10000
#define SWAP_FLAG_DISCARD_ONCE 0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#endif

#endif
