#pragma once
#include <stddef.h>
#include <stdint.h>

#include "csv.h"
#include "joint.h"
#include "levels.h"
#include "number.h"
#include "record.h"
#include "scores.h"

// Kernels with per-function instruction sets, chosen when the program starts. Each has a scalar twin in Sources/Kernels.

/// The cell of every value on a grid of `count` ascending cut points: 2·(cuts below x) + (x is a cut), so that even cells are
/// the open intervals between cuts and odd cells the cuts themselves. NaN gives EK_MISSING_CELL.
/// `cuts` holds `padded` entries, a power of two > count, those from `count` on +infinity.
void ek_locate_f64(const double *cuts, uint32_t count, uint32_t padded, const double *x, size_t n, uint32_t *cell);

#define EK_MISSING_CELL UINT32_MAX

#include "cells.h"
