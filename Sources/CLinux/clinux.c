// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/random.h>
#include <unistd.h>

int clinux_fallocate(int descriptor, int mode, off_t offset, off_t length) {
    return fallocate(descriptor, mode, offset, length);
}

ssize_t clinux_getrandom(void *buffer, size_t count, unsigned int flags) {
    return getrandom(buffer, count, flags);
}

void clinux_close_on_exec(int first) {
    close_range((unsigned int)first, ~0U, CLOSE_RANGE_CLOEXEC);
}
