// SPDX-License-Identifier: Apache-2.0
#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `count` bytes, going on from `crc` (0 to begin).
/// Uses the CPU's instruction where there is one; the value is the same everywhere.
uint32_t cchecksum_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
