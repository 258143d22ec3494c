// SHA-1 (FIPS 180-4) of two inputs at once, with the SHA instructions of x86-64.
//
// Each of those instructions waits for the one before it, so one input leaves the processor idle half
// of the time; two that have nothing to do with each other fill it. libcrypto does the same, but only
// inside its TLS ciphers. The order of the instructions within a group of four rounds is that of
// Intel's "Intel SHA Extensions" (July 2013).

#include "CSHA1.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define BLOCK 64

// What one input has: its state, the last 16 words of its schedule, and e before and after a group.
struct lane {
    __m128i abcd, e[2], words[4];
};

int swarmfs_has_sha1_instructions(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

#define WITH_SHA __attribute__((target("sha,sse4.1"), always_inline)) static inline

WITH_SHA void begin_block(struct lane *lane, const uint8_t *block) {
    const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    for (int i = 0; i < 4; i++) {
        __m128i words = _mm_loadu_si128((const __m128i *)block + i);
        lane->words[i] = _mm_shuffle_epi8(words, big_endian);
    }
}

// Rounds 4 * number to 4 * number + 3; both numbers are constants, so that no branch remains.
#define ROUNDS(lane, number)                                                                     \
    do {                                                                                         \
        __m128i *w = (lane).words;                                                               \
        __m128i *e = &(lane).e[(number) % 2];                                                    \
        *e = (number) == 0 ? _mm_add_epi32(*e, w[0]) : _mm_sha1nexte_epu32(*e, w[(number) % 4]); \
        (lane).e[((number) + 1) % 2] = (lane).abcd;                                              \
        if ((number) >= 3 && (number) < 19)                                                      \
            w[((number) + 1) % 4] = _mm_sha1msg2_epu32(w[((number) + 1) % 4], w[(number) % 4]);  \
        (lane).abcd = _mm_sha1rnds4_epu32((lane).abcd, *e, (number) / 5);                        \
        if ((number) >= 1 && (number) < 17)                                                      \
            w[((number) + 3) % 4] = _mm_sha1msg1_epu32(w[((number) + 3) % 4], w[(number) % 4]);  \
        if ((number) >= 2 && (number) < 18)                                                      \
            w[((number) + 2) % 4] = _mm_xor_si128(w[((number) + 2) % 4], w[(number) % 4]);       \
    } while (0)

#define BOTH(number) \
    do {             \
        ROUNDS(first, number);  \
        ROUNDS(second, number); \
    } while (0)

__attribute__((target("sha,sse4.1"))) static void add_blocks(
    uint32_t states[2][5], const uint8_t *a, const uint8_t *b, size_t count) {
    struct lane first, second;
    first.abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)states[0]), 0x1b);
    second.abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)states[1]), 0x1b);
    first.e[0] = _mm_set_epi32((int)states[0][4], 0, 0, 0);
    second.e[0] = _mm_set_epi32((int)states[1][4], 0, 0, 0);
    for (; count > 0; count--, a += BLOCK, b += BLOCK) {
        __m128i first_abcd = first.abcd, first_e = first.e[0];
        __m128i second_abcd = second.abcd, second_e = second.e[0];
        begin_block(&first, a);
        begin_block(&second, b);
        BOTH(0); BOTH(1); BOTH(2); BOTH(3); BOTH(4);
        BOTH(5); BOTH(6); BOTH(7); BOTH(8); BOTH(9);
        BOTH(10); BOTH(11); BOTH(12); BOTH(13); BOTH(14);
        BOTH(15); BOTH(16); BOTH(17); BOTH(18); BOTH(19);
        first.e[0] = _mm_sha1nexte_epu32(first.e[0], first_e);
        first.abcd = _mm_add_epi32(first.abcd, first_abcd);
        second.e[0] = _mm_sha1nexte_epu32(second.e[0], second_e);
        second.abcd = _mm_add_epi32(second.abcd, second_abcd);
    }
    _mm_storeu_si128((__m128i *)states[0], _mm_shuffle_epi32(first.abcd, 0x1b));
    _mm_storeu_si128((__m128i *)states[1], _mm_shuffle_epi32(second.abcd, 0x1b));
    states[0][4] = (uint32_t)_mm_extract_epi32(first.e[0], 3);
    states[1][4] = (uint32_t)_mm_extract_epi32(second.e[0], 3);
}

static void store(const uint32_t state[5], uint8_t *digest) {
    for (int i = 0; i < 5; i++) {
        uint32_t word = __builtin_bswap32(state[i]);
        memcpy(digest + 4 * i, &word, 4);
    }
}

void swarmfs_sha1_two(
    const void *first, const void *second, size_t length, uint8_t *first_digest,
    uint8_t *second_digest) {
    static const uint32_t initial[5] = {
        0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint32_t states[2][5];
    memcpy(states[0], initial, sizeof initial);
    memcpy(states[1], initial, sizeof initial);
    add_blocks(states, first, second, length / BLOCK);
    uint8_t last[BLOCK] = {0x80};
    uint64_t bits = __builtin_bswap64((uint64_t)length * 8);
    memcpy(last + BLOCK - sizeof bits, &bits, sizeof bits);
    add_blocks(states, last, last, 1);
    store(states[0], first_digest);
    store(states[1], second_digest);
}

#else

int swarmfs_has_sha1_instructions(void) {
    return 0;
}

// Never called.
void swarmfs_sha1_two(
    const void *first, const void *second, size_t length, uint8_t *first_digest,
    uint8_t *second_digest) {
    (void)first;
    (void)second;
    (void)length;
    memset(first_digest, 0, 20);
    memset(second_digest, 0, 20);
}

#endif
