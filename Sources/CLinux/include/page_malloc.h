// SPDX-License-Identifier: Apache-2.0
#ifndef PAGE_MALLOC_H
#define PAGE_MALLOC_H

/// mallopt(3) with M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_TOP_PAD, in bytes: macros and a call
/// that Swift's Glibc module leaves out. Returns 1 if all three were taken, else 0.
int clinux_tune_malloc(int mmap_threshold, int trim_threshold, int top_pad);

/// malloc_trim(3) of all that is free.
void clinux_trim_malloc(void);

#endif
