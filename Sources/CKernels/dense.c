#include "CKernels.h"

#include <math.h>
#include <string.h>

// Products of matrices in 32-bit numbers. Every element is one chain of fused multiply-adds in the order of the inner axis, however the work
// is cut into tiles, so that all forms give the same bits.

/// Lines of a panel: it stays in the cache, and its memory does not grow with the matrices.
enum { EK_DENSE_DEPTH = 4096 };

/// A tile of `ROWS` rows and two vectors of columns, `depth` numbers further in each chain: `a` has `ROWS` rows, `inner` numbers apart, `panel`
/// has `depth` lines of two vectors. The chains go on from `out`, or begin at 0 where `isFirst`.
#define EK_DENSE_TILE(NAME, VECTOR, ROWS) \
    static inline __attribute__((always_inline)) void NAME(const float *a, size_t inner, size_t depth, int isFirst, const float *panel, size_t width, \
                                                           float *out, size_t columns) { \
        enum { LANES = sizeof(VECTOR) / sizeof(float) }; \
        VECTOR sum[ROWS][2]; \
        for (int r = 0; r < ROWS; r++) { \
            VECTOR both[2] = {{0}, {0}}; \
            if (!isFirst) memcpy(both, out + (size_t)r * columns, width * sizeof(float)); \
            sum[r][0] = both[0]; \
            sum[r][1] = both[1]; \
        } \
        for (size_t k = 0; k < depth; k++) { \
            VECTOR left, right; \
            memcpy(&left, panel + k * 2 * LANES, sizeof left); \
            memcpy(&right, panel + k * 2 * LANES + LANES, sizeof right); \
            for (int r = 0; r < ROWS; r++) { \
                VECTOR x = (VECTOR){0} + a[(size_t)r * inner + k]; \
                sum[r][0] = __builtin_elementwise_fma(x, left, sum[r][0]); \
                sum[r][1] = __builtin_elementwise_fma(x, right, sum[r][1]); \
            } \
        } \
        for (int r = 0; r < ROWS; r++) { \
            VECTOR both[2] = {sum[r][0], sum[r][1]}; \
            memcpy(out + (size_t)r * columns, both, width * sizeof(float)); \
        } \
    }

/// The product, panel after panel. `panel` has room for `EK_DENSE_DEPTH` lines of two vectors.
#define EK_DENSE(NAME, VECTOR, ROWS, TARGET) \
    EK_DENSE_TILE(NAME##_tile, VECTOR, ROWS) \
    EK_DENSE_TILE(NAME##_row, VECTOR, 1) \
    TARGET static void NAME(const float *a, const float *b, size_t rows, size_t inner, size_t columns, size_t line, size_t step, float *panel, \
                            float *out) { \
        enum { WIDTH = 2 * sizeof(VECTOR) / sizeof(float) }; \
        for (size_t from = 0; from < columns; from += WIDTH) { \
            size_t width = columns - from < WIDTH ? columns - from : WIDTH, top = 0; \
            do { \
                size_t depth = inner - top < EK_DENSE_DEPTH ? inner - top : EK_DENSE_DEPTH, row = 0; \
                for (size_t k = 0; k < depth; k++) { \
                    for (size_t j = 0; j < width; j++) panel[k * WIDTH + j] = b[(top + k) * line + (from + j) * step]; \
                    for (size_t j = width; j < WIDTH; j++) panel[k * WIDTH + j] = 0; \
                } \
                for (; row + ROWS <= rows; row += ROWS) \
                    NAME##_tile(a + row * inner + top, inner, depth, top == 0, panel, width, out + row * columns + from, columns); \
                for (; row < rows; row++) \
                    NAME##_row(a + row * inner + top, inner, depth, top == 0, panel, width, out + row * columns + from, columns); \
                top += depth; \
            } while (top < inner); \
        } \
    }

typedef float ek_floats_64 __attribute__((vector_size(64)));
typedef float ek_floats_32 __attribute__((vector_size(32)));
typedef float ek_floats_16 __attribute__((vector_size(16)));

// As many rows as the registers of each have room for. Where there is no fused instruction, the C library's function has the same bits.
#if defined(__x86_64__)
EK_DENSE(dense_512, ek_floats_64, 12, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))))
EK_DENSE(dense_256, ek_floats_32, 6, __attribute__((target("arch=x86-64-v3"))))
#endif
EK_DENSE(dense_128, ek_floats_16, 8, )

size_t ek_dense_panel(size_t inner) { return (inner < EK_DENSE_DEPTH ? inner : EK_DENSE_DEPTH) * 2 * sizeof(ek_floats_64) / sizeof(float); }

void ek_dense_f32(const float *a, const float *b, size_t rows, size_t inner, size_t columns, int is_transposed, int form, float *panel, float *out) {
    size_t line = is_transposed ? 1 : columns, step = is_transposed ? inner : 1;
#if defined(__x86_64__)
    if (form >= 2 && __builtin_cpu_supports("x86-64-v4")) return dense_512(a, b, rows, inner, columns, line, step, panel, out);
    if (form >= 1 && __builtin_cpu_supports("x86-64-v3")) return dense_256(a, b, rows, inner, columns, line, step, panel, out);
#endif
    (void)form;
    dense_128(a, b, rows, inner, columns, line, step, panel, out);
}
