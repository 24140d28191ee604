// SPDX-License-Identifier: Apache-2.0
#include "CChecksum.h"

#include <string.h>

// C because the CPU's CRC instruction has no name in Swift. Three bodies of one function.

static uint32_t portable(uint32_t crc, const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static uint32_t accelerated(uint32_t crc, const unsigned char *bytes, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; count--, bytes++) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}
static int is_accelerated(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
__attribute__((target("crc")))
static uint32_t accelerated(uint32_t crc, const unsigned char *bytes, size_t count) {
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = __builtin_arm_crc32cd(crc, word);
    }
    for (; count > 0; count--, bytes++) crc = __builtin_arm_crc32cb(crc, *bytes);
    return crc;
}
static int is_accelerated(void) { return 1; } // Every 64-bit Arm server since Armv8.1 has it.
#else
static uint32_t accelerated(uint32_t crc, const unsigned char *b, size_t n) { return portable(crc, b, n); }
static int is_accelerated(void) { return 0; }
#endif

uint32_t cchecksum_crc32c(uint32_t crc, const void *bytes, size_t count) {
    crc = ~crc;
    crc = is_accelerated() ? accelerated(crc, bytes, count) : portable(crc, bytes, count);
    return ~crc;
}
