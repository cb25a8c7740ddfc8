#pragma once
#include <stddef.h>
#include <stdint.h>

#include "csv.h"
#include "joint.h"
#include "levels.h"
#include "number.h"
#include "record.h"
#include "scores.h"
#include "shap.h"
#include "trees.h"

// Kernels with per-function instruction sets, chosen when the program starts. Each has a scalar twin in Sources/Kernels.

/// The cell of every value on a grid of `count` ascending cut points: 2·(cuts below x) + (x is a cut), so that even cells are
/// the open intervals between cuts and odd cells the cuts themselves. NaN gives EK_MISSING_CELL.
/// `cuts` holds `padded` entries, a power of two > count, those from `count` on +infinity.
void ek_locate_f64(const double *cuts, uint32_t count, uint32_t padded, const double *x, size_t n, uint32_t *cell);

#define EK_MISSING_CELL UINT32_MAX

typedef struct {
    int64_t missing, finite;
    double minimum, maximum;
} ek_column_fold;

/// What a column adds to its sums: counts by cell, how many are missing, how many lie within 1e150 of `center`, the range (+inf and -inf
/// where there is no value), and the exact sums of the distances from `center` and of their squares, in the digits of ExactSum.
void ek_fold_column(const double *x, const uint32_t *cell, size_t n, double center, int64_t *counts, int64_t *sum, int64_t *squares,
                    ek_column_fold *out);

#include "cells.h"
#include "dense.h"

/// Has large buffers used again rather than given back to the system, which would clear each page anew.
void ek_keep_large_buffers(void);
