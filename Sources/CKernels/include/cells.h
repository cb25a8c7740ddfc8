#pragma once
#include <stddef.h>
#include <stdint.h>

// Cells that cut the line of numbers in order. No NaN.

/// With shift < 0 cells of equal width: (x - low)·scale. Else cells of equal numbers of doubles, which grow with the distance from 0 as
/// logarithms do: (bits of x - low_bits) >> shift, the bits turned so that they are in order. Both cut to 0…last.
typedef struct {
    double low, scale;
    int64_t low_bits;
    int32_t shift;
    uint32_t last;
} ek_cells;

/// Adds every value to the count of its cell. `counts` holds 2·(last + 1) numbers: two tables that are to be added, so that a run of
/// equal values does not wait for itself.
void ek_cell_counts(const double *x, size_t n, const ek_cells *map, uint32_t *counts);

/// The same counts in one table, and of each cell the sum of x - base.
void ek_cell_sums(const double *x, size_t n, const ek_cells *map, double base, uint32_t *counts, double *sums);

/// `mixed[cell]` becomes 1 where two values of a cell differ; `first` holds a value of each cell, NaN where none was seen before.
void ek_cell_mixed(const double *x, size_t n, const ek_cells *map, double *first, uint8_t *mixed);

/// Copies the values whose cell is flagged, in order, to `out`, which must have room for one more than there are. - Returns their number.
size_t ek_cell_pick(const double *x, size_t n, const ek_cells *map, const uint8_t *flags, double *out);

/// Puts every value at `next[cell]++` of `out`: with the right starts, cell by cell.
void ek_cell_split(const double *x, size_t n, const ek_cells *map, uint32_t *next, double *out);

/// The sum of x - base and of its square, in eight interleaved parts that are added in the end: the same on every machine.
void ek_moments(const double *x, size_t n, double base, double *sum, double *squares);

/// How many are not NaN.
size_t ek_present_count(const double *x, size_t n);

/// Copies what is not NaN. `out` has room for all. - Returns its number.
size_t ek_present(const double *x, size_t n, double *out);

/// The smallest and largest finite value; high < low when there is none.
void ek_finite_range(const double *x, size_t n, double *low, double *high);

/// Counts the values of each cell up to `edges[cell]` and above it: `counts` holds two such tables of two numbers a cell, which are to be
/// added, so that a run of equal values does not wait for itself.
void ek_halved_cell_counts(const double *x, size_t n, const ek_cells *map, const double *edges, uint32_t *counts);

/// Adds to each edge the number of values above it. For few edges: all are compared with.
void ek_counts_above(const double *x, size_t n, const double *edges, size_t edge_count, uint64_t *above);
