#ifndef EVENKEEL_DENSE_H
#define EVENKEEL_DENSE_H

#include <stddef.h>

/// Numbers that the scratch of `ek_dense_f32` has.
size_t ek_dense_panel(size_t inner);

/// out = A · B, row-major; with `is_transposed`, b holds the transpose of B. `form` bounds the instructions: 0 plain, 1 AVX2, 2 AVX-512.
void ek_dense_f32(const float *a, const float *b, size_t rows, size_t inner, size_t columns, int is_transposed, int form, float *panel, float *out);

#endif
