// SPDX-License-Identifier: Apache-2.0
#ifndef CBUILDFACTS_H
#define CBUILDFACTS_H

/// The commit that the build was told (variable TARN_COMMIT), or "unknown". Never NULL.
const char *_Nonnull tarn_build_commit(void);

#endif
