#pragma once
#include <stddef.h>
#include <stdint.h>

// The loops of TreeSHAP. A row's pattern for a path of up to 8 features has a bit for each feature that lets the row through.

/// Sets `bit` in the pattern of each row of x[start ..< start + n] with low < x <= high, or x <= high where `lowest`; NaN passes where `missing`.
void ek_shap_mark(const double *x, size_t start, size_t n, double low, double high, int lowest, int missing, unsigned bit, uint8_t *patterns);

/// The patterns that there are, each once, to `list`, which has room for 256. Returns how many.
size_t ek_shap_distinct(const uint8_t *patterns, size_t n, uint8_t *list);

/// The weights of a path's features for some patterns: table[(feature << depth) + pattern]. `zeros` are the shares that features let through.
void ek_shap_weights(const double *zeros, size_t depth, const uint8_t *list, size_t count, double *table);

/// sums[at + row] += table[from + pattern] * value, of `size` patterns.
void ek_shap_add(const double *table, size_t from, size_t size, double value, const uint8_t *patterns, size_t n, size_t at, double *sums);
