// SPDX-License-Identifier: Apache-2.0
#include "CBuildFacts.h"

#ifndef TARN_COMMIT
#define TARN_COMMIT "unknown"
#endif

const char *tarn_build_commit(void) { return TARN_COMMIT; }
