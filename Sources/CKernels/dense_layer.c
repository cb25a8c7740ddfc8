#include "CKernels.h"

#include "dense_tile.h"

// Products with a matrix that is known beforehand, and so laid out for the kernels: panels of 64 columns, or, where there are few columns, column
// after column.

enum { EK_PANEL = EK_DENSE_PANEL, EK_THIN = EK_DENSE_THIN };

size_t ek_layer_count(size_t inner, size_t columns) {
    return columns <= EK_THIN ? inner * columns : (columns + EK_PANEL - 1) / EK_PANEL * EK_PANEL * inner;
}

void ek_layer_pack(const float *b, size_t inner, size_t columns, int is_transposed, float *packed) {
    size_t line = is_transposed ? 1 : columns, step = is_transposed ? inner : 1;
    if (columns <= EK_THIN) {
        for (size_t j = 0; j < columns; j++)
            for (size_t k = 0; k < inner; k++) packed[j * inner + k] = b[k * line + j * step];
        return;
    }
    for (size_t from = 0; from < columns; from += EK_PANEL)
        for (size_t k = 0; k < inner; k++)
            for (size_t j = 0; j < EK_PANEL; j++) *packed++ = from + j < columns ? b[k * line + (from + j) * step] : 0;
}

/// Panels of VECTORS vectors within the packed ones.
#define EK_LAYER(NAME, VECTOR, ROWS, VECTORS, TARGET) \
    EK_DENSE_TILE(NAME##_tile, VECTOR, ROWS, VECTORS) \
    EK_DENSE_TILE(NAME##_row, VECTOR, 1, VECTORS) \
    TARGET static void NAME(const float *a, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int rectifies, float *out) { \
        enum { WIDTH = VECTORS * sizeof(VECTOR) / sizeof(float) }; \
        for (size_t from = 0; from < columns; from += WIDTH) { \
            size_t width = columns - from < WIDTH ? columns - from : WIDTH, row = 0; \
            const float *panel = packed + from / EK_PANEL * EK_PANEL * inner + from % EK_PANEL, *added = bias ? bias + from : NULL; \
            for (; row + ROWS <= rows; row += ROWS) \
                NAME##_tile(a + row * inner, inner, inner, 1, panel, EK_PANEL, width, added, rectifies, out + row * columns + from, columns); \
            for (; row < rows; row++) \
                NAME##_row(a + row * inner, inner, inner, 1, panel, EK_PANEL, width, added, rectifies, out + row * columns + from, columns); \
        } \
    }

/// Few columns: as many rows side by side as a vector has lanes.
#define EK_LAYER_THIN(NAME, VECTOR, LANES, TARGET) \
    TARGET static void NAME(const float *a, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int rectifies, float *out) { \
        for (size_t row = 0; row < rows; row += LANES) { \
            size_t height = rows - row < LANES ? rows - row : LANES; \
            VECTOR sum[EK_THIN]; \
            for (int c = 0; c < EK_THIN; c++) sum[c] = (VECTOR){0}; \
            for (size_t k = 0; k < inner; k += LANES) { \
                size_t depth = inner - k < LANES ? inner - k : LANES; \
                VECTOR lines[LANES]; \
                if (height == LANES && depth == LANES) { \
                    for (int r = 0; r < LANES; r++) memcpy(&lines[r], a + (row + (size_t)r) * inner + k, sizeof(VECTOR)); \
                } else { \
                    memset(lines, 0, sizeof lines); \
                    for (size_t r = 0; r < height; r++) memcpy(&lines[r], a + (row + r) * inner + k, depth * sizeof(float)); \
                } \
                EK_DENSE_TURN(VECTOR, LANES, lines) \
                for (size_t c = 0; c < columns; c++) { \
                    const float *b = packed + c * inner + k; \
                    if (depth == LANES) { \
                        for (int j = 0; j < LANES; j++) sum[c] = __builtin_elementwise_fma(lines[j], (VECTOR){0} + b[j], sum[c]); \
                    } else { \
                        for (size_t j = 0; j < depth; j++) sum[c] = __builtin_elementwise_fma(lines[j], (VECTOR){0} + b[j], sum[c]); \
                    } \
                } \
            } \
            for (size_t c = 0; c < columns; c++) { \
                VECTOR all = bias ? sum[c] + bias[c] : sum[c]; \
                if (rectifies) all = EK_DENSE_RECTIFIED(VECTOR, all); \
                for (size_t r = 0; r < height; r++) out[(row + r) * columns + c] = all[r]; \
            } \
        } \
    }

/// Few columns, of rows that lie side by side already.
#define EK_LAYER_COLUMNS(NAME, VECTOR, LANES, TARGET) \
    TARGET static void NAME(const float *lines, size_t line, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, float *out) { \
        for (size_t row = 0; row < rows; row += LANES) { \
            size_t height = rows - row < LANES ? rows - row : LANES; \
            for (size_t c = 0; c < columns; c++) { \
                VECTOR sum = {0}; \
                for (size_t k = 0; k < inner; k++) { \
                    VECTOR x; \
                    memcpy(&x, lines + k * line + row, sizeof x); \
                    sum = __builtin_elementwise_fma(x, (VECTOR){0} + packed[c * inner + k], sum); \
                } \
                VECTOR all = bias ? sum + bias[c] : sum; \
                for (size_t r = 0; r < height; r++) out[(row + r) * columns + c] = all[r]; \
            } \
        } \
    }

/// Lines of columns to lines of rows, block after block. A vector that is longer than what is left of its row spills into the next ones, which are
/// written after it: those of the same block of columns are, and blocks further to the left.
#define EK_ROWS(NAME, VECTOR, LANES, TARGET) \
    TARGET static void NAME(const float *columns, size_t width, size_t line, size_t rows, float *out) { \
        size_t blocks = (width + LANES - 1) / LANES; \
        for (size_t row = 0; row < rows; row += LANES) { \
            size_t height = rows - row < LANES ? rows - row : LANES; \
            for (size_t block = blocks; block-- > 0;) { \
                size_t from = block * LANES, count = width - from < LANES ? width - from : LANES; \
                VECTOR lines[LANES]; \
                for (size_t i = 0; i < LANES; i++) { \
                    lines[i] = (VECTOR){0}; \
                    if (i < count) memcpy(&lines[i], columns + (from + i) * line + row, sizeof(VECTOR)); \
                } \
                EK_DENSE_TURN(VECTOR, LANES, lines) \
                for (size_t r = 0; r < height; r++) { \
                    size_t to = (row + r) * width + from; \
                    if (to + LANES <= rows * width) memcpy(out + to, &lines[r], sizeof(VECTOR)); \
                    else memcpy(out + to, &lines[r], count * sizeof(float)); \
                } \
            } \
        } \
    }

#if defined(__x86_64__)
EK_ROWS(rows_512, ek_floats_64, 16, EK_DENSE_512)
EK_ROWS(rows_256, ek_floats_32, 8, EK_DENSE_256)
EK_LAYER_COLUMNS(columns_512, ek_floats_64, 16, EK_DENSE_512)
EK_LAYER_COLUMNS(columns_256, ek_floats_32, 8, EK_DENSE_256)
EK_LAYER(layer_512, ek_floats_64, 6, 4, EK_DENSE_512)
EK_LAYER(layer_256, ek_floats_32, 6, 2, EK_DENSE_256)
EK_LAYER_THIN(thin_512, ek_floats_64, 16, EK_DENSE_512)
EK_LAYER_THIN(thin_256, ek_floats_32, 8, EK_DENSE_256)
#endif
EK_ROWS(rows_128, ek_floats_16, 4, )
EK_LAYER_COLUMNS(columns_128, ek_floats_16, 4, )
EK_LAYER(layer_128, ek_floats_16, 8, 2, )
EK_LAYER_THIN(thin_128, ek_floats_16, 4, )

void ek_layer_f32(const float *a, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int rectifies, int form, float *out) {
    int isThin = columns <= EK_THIN;
#if defined(__x86_64__)
    if (form >= 2 && __builtin_cpu_supports("x86-64-v4"))
        return (isThin ? thin_512 : layer_512)(a, packed, bias, rows, inner, columns, rectifies, out);
    if (form >= 1 && __builtin_cpu_supports("x86-64-v3"))
        return (isThin ? thin_256 : layer_256)(a, packed, bias, rows, inner, columns, rectifies, out);
#endif
    (void)form;
    (isThin ? thin_128 : layer_128)(a, packed, bias, rows, inner, columns, rectifies, out);
}

#if defined(__x86_64__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
void ek_rows_narrow(const double *x, size_t start, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = (float)x[start + i];
}

void ek_rows_turn(const float *columns, size_t width, size_t line, size_t rows, int form, float *out) {
#if defined(__x86_64__)
    if (form >= 2 && __builtin_cpu_supports("x86-64-v4")) return rows_512(columns, width, line, rows, out);
    if (form >= 1 && __builtin_cpu_supports("x86-64-v3")) return rows_256(columns, width, line, rows, out);
#endif
    (void)form;
    rows_128(columns, width, line, rows, out);
}

void ek_layer_columns_f32(const float *lines, size_t line, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int form,
                          float *out) {
#if defined(__x86_64__)
    if (form >= 2 && __builtin_cpu_supports("x86-64-v4")) return columns_512(lines, line, packed, bias, rows, inner, columns, out);
    if (form >= 1 && __builtin_cpu_supports("x86-64-v3")) return columns_256(lines, line, packed, bias, rows, inner, columns, out);
#endif
    (void)form;
    columns_128(lines, line, packed, bias, rows, inner, columns, out);
}
