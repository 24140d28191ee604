// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "page_malloc.h"

// Only what Swift cannot import: variadic functions, function-like macros, calls that Glibc's module
// leaves out. No logic lives here.

// fallocate(2): declared for _GNU_SOURCE only, which the Glibc module does not set.
int clinux_fallocate(int descriptor, int mode, off_t offset, off_t length);

// getrandom(2): <sys/random.h> is not in the Glibc module.
ssize_t clinux_getrandom(void *_Nonnull buffer, size_t count, unsigned int flags);

// close_range(2) with CLOSE_RANGE_CLOEXEC, of every descriptor from `first` on: declared for _GNU_SOURCE
// only. On kernels before 5.11 it does nothing.
void clinux_close_on_exec(int first);

#endif
