#include "CKernels.h"

#include "dense_tile.h"

/// Lines of a panel: it stays in the cache, and its memory does not grow with the matrices.
enum { EK_DENSE_DEPTH = 4096 };

/// The product, panel after panel. `panel` has room for `EK_DENSE_DEPTH` lines of all vectors.
#define EK_DENSE(NAME, VECTOR, ROWS, VECTORS, TARGET) \
    EK_DENSE_TILE(NAME##_tile, VECTOR, ROWS, VECTORS) \
    EK_DENSE_TILE(NAME##_row, VECTOR, 1, VECTORS) \
    TARGET static void NAME(const float *a, const float *b, size_t rows, size_t inner, size_t columns, size_t line, size_t step, float *panel, \
                            float *out) { \
        enum { WIDTH = VECTORS * sizeof(VECTOR) / sizeof(float) }; \
        for (size_t from = 0; from < columns; from += WIDTH) { \
            size_t width = columns - from < WIDTH ? columns - from : WIDTH, top = 0; \
            do { \
                size_t depth = inner - top < EK_DENSE_DEPTH ? inner - top : EK_DENSE_DEPTH, row = 0; \
                for (size_t k = 0; k < depth; k++) { \
                    for (size_t j = 0; j < width; j++) panel[k * WIDTH + j] = b[(top + k) * line + (from + j) * step]; \
                    for (size_t j = width; j < WIDTH; j++) panel[k * WIDTH + j] = 0; \
                } \
                for (; row + ROWS <= rows; row += ROWS) \
                    NAME##_tile(a + row * inner + top, inner, depth, top == 0, panel, WIDTH, width, NULL, 0, out + row * columns + from, columns); \
                for (; row < rows; row++) \
                    NAME##_row(a + row * inner + top, inner, depth, top == 0, panel, WIDTH, width, NULL, 0, out + row * columns + from, columns); \
                top += depth; \
            } while (top < inner); \
        } \
    }

// As many rows as the registers of each have room for.
#if defined(__x86_64__)
EK_DENSE(dense_512, ek_floats_64, 12, 2, EK_DENSE_512)
EK_DENSE(dense_256, ek_floats_32, 6, 2, EK_DENSE_256)
#endif
EK_DENSE(dense_128, ek_floats_16, 8, 2, )

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
