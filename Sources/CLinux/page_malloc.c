// SPDX-License-Identifier: Apache-2.0
#include "page_malloc.h"

#include <malloc.h>

int clinux_tune_malloc(int mmap_threshold, int trim_threshold, int top_pad) {
    int taken = mallopt(M_MMAP_THRESHOLD, mmap_threshold);
    taken &= mallopt(M_TRIM_THRESHOLD, trim_threshold);
    taken &= mallopt(M_TOP_PAD, top_pad);
    return taken;
}

void clinux_trim_malloc(void) { malloc_trim(0); }
