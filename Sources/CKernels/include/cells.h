#pragma once
#include <stddef.h>
#include <stdint.h>

// Cells of equal width. The cell of x is (x - low)·scale cut to whole numbers in 0…last: never falling as x grows. No NaN.

/// Adds every value to the count of its cell. `counts` holds 2·(last + 1) numbers: two tables that are to be added, so that a run of
/// equal values does not wait for itself.
void ek_cell_counts(const double *x, size_t n, double low, double scale, uint32_t last, uint32_t *counts);

/// Copies the values whose cell is flagged, in order, to `out`, which must have room for one more than there are. - Returns their number.
size_t ek_cell_pick(const double *x, size_t n, double low, double scale, uint32_t last, const uint8_t *flags, double *out);

/// Puts every value at `next[cell]++` of `out`: with the right starts, cell by cell.
void ek_cell_split(const double *x, size_t n, double low, double scale, uint32_t last, uint32_t *next, double *out);

/// The smallest and largest finite value; high < low when there is none.
void ek_finite_range(const double *x, size_t n, double *low, double *high);
