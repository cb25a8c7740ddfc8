#ifndef EVENKEEL_DENSE_H
#define EVENKEEL_DENSE_H

#include <stddef.h>

/// Numbers that the scratch of `ek_dense_f32` has.
size_t ek_dense_panel(size_t inner);

/// out = A · B, row-major; with `is_transposed`, b holds the transpose of B. `form` bounds the instructions: 0 plain, 1 AVX2, 2 AVX-512.
void ek_dense_f32(const float *a, const float *b, size_t rows, size_t inner, size_t columns, int is_transposed, int form, float *panel, float *out);

/// Columns of a packed panel, and up to how many columns a matrix is packed column by column.
enum { EK_DENSE_PANEL = 64, EK_DENSE_THIN = 4 };

/// Numbers that a packed matrix has.
size_t ek_layer_count(size_t inner, size_t columns);
void ek_layer_pack(const float *b, size_t inner, size_t columns, int is_transposed, float *packed);

/// out = A · B + bias (NULL for none) and, where `rectifies`, max(0, out); `packed` begins at a cache line.
void ek_layer_f32(const float *a, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int rectifies, int form, float *out);

/// The same of a matrix that is packed column by column, where A is given in its columns, which begin `line` numbers apart and have numbers up to the next
/// multiple of 16 rows; nothing is rectified.
void ek_layer_columns_f32(const float *lines, size_t line, const float *packed, const float *bias, size_t rows, size_t inner, size_t columns, int form,
                          float *out);

/// x[start ..< start + n] as 32-bit numbers.
void ek_rows_narrow(const double *x, size_t start, size_t n, float *out);
/// Columns that begin `line` numbers apart as rows: out[row * width + column]. The lines have numbers up to the next multiple of 16.
void ek_rows_turn(const float *columns, size_t width, size_t line, size_t rows, int form, float *out);

#endif
