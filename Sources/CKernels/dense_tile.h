#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

// Tiles of products of matrices in 32-bit numbers. Every element is one chain of fused multiply-adds in the order of the inner axis, however
// the work is cut into tiles, so that all forms give the same bits. Where there is no fused instruction, the C library's function has them.

/// Max(0, x), and NaN for NaN, of every lane.
#define EK_DENSE_RECTIFIED(VECTOR, X) ((VECTOR)((__typeof__((X) <= 0))(X) & ~((X) <= 0)))

/// A tile of `ROWS` rows and `VECTORS` vectors of columns, `depth` numbers further in each chain: `a` has `ROWS` rows, `inner` numbers apart,
/// `panel` has `depth` lines, `line` numbers apart. The chains go on from `out`, or begin at 0 where `isFirst`; at the end `bias` is added,
/// unless it is NULL, and negative elements become 0 where `rectifies`.
#define EK_DENSE_TILE(NAME, VECTOR, ROWS, VECTORS) \
    static inline __attribute__((always_inline)) void NAME(const float *a, size_t inner, size_t depth, int isFirst, const float *panel, size_t line, \
                                                           size_t width, const float *bias, int rectifies, float *out, size_t columns) { \
        VECTOR sum[ROWS][VECTORS]; \
        for (int r = 0; r < ROWS; r++) { \
            VECTOR all[VECTORS] = {{0}}; \
            if (!isFirst) memcpy(all, out + (size_t)r * columns, width * sizeof(float)); \
            for (int v = 0; v < VECTORS; v++) sum[r][v] = all[v]; \
        } \
        for (size_t k = 0; k < depth; k++) { \
            VECTOR b[VECTORS]; \
            memcpy(b, panel + k * line, sizeof b); \
            for (int r = 0; r < ROWS; r++) { \
                VECTOR x = (VECTOR){0} + a[(size_t)r * inner + k]; \
                for (int v = 0; v < VECTORS; v++) sum[r][v] = __builtin_elementwise_fma(x, b[v], sum[r][v]); \
            } \
        } \
        VECTOR added[VECTORS] = {{0}}; \
        if (bias) memcpy(added, bias, width * sizeof(float)); \
        for (int r = 0; r < ROWS; r++) { \
            VECTOR all[VECTORS]; \
            for (int v = 0; v < VECTORS; v++) { \
                all[v] = bias ? sum[r][v] + added[v] : sum[r][v]; \
                if (rectifies) all[v] = EK_DENSE_RECTIFIED(VECTOR, all[v]); \
            } \
            if (width * sizeof(float) == sizeof all) memcpy(out + (size_t)r * columns, all, sizeof all); \
            else memcpy(out + (size_t)r * columns, all, width * sizeof(float)); \
        } \
    }

typedef float ek_floats_64 __attribute__((vector_size(64)));
typedef float ek_floats_32 __attribute__((vector_size(32)));
typedef float ek_floats_16 __attribute__((vector_size(16)));

// Rounds of shuffling two halves together turn lines into columns: four of them sixteen lines of sixteen numbers, three eight of eight.
#define EK_LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define EK_HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define EK_LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define EK_HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define EK_LOW_4 0, 4, 1, 5
#define EK_HIGH_4 2, 6, 3, 7
#define EK_DENSE_TURN(VECTOR, LANES, LINES) \
    for (int round = 1; round < LANES; round *= 2) { \
        VECTOR next[LANES]; \
        for (int i = 0; i < LANES / 2; i++) { \
            next[2 * i] = __builtin_shufflevector(LINES[i], LINES[i + LANES / 2], EK_LOW_##LANES); \
            next[2 * i + 1] = __builtin_shufflevector(LINES[i], LINES[i + LANES / 2], EK_HIGH_##LANES); \
        } \
        for (int i = 0; i < LANES; i++) LINES[i] = next[i]; \
    }

#if defined(__x86_64__)
#define EK_DENSE_512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define EK_DENSE_256 __attribute__((target("arch=x86-64-v3")))
#endif
