#pragma once
#include <stddef.h>
#include <stdint.h>

// Joint sums of rows of whole numbers: exact, so that they do not depend on the order of rows, on the machine, or on how rows are cut into batches.

enum {
    /// Rows of a block.
    EK_JOINT_ROWS = 256,
    EK_JOINT_FEATURES = 64,
    /// Waves: a multiple of 8.
    EK_JOINT_WAVES = 64,
    /// A value of 1 scale is 2048; the clip is 8 scales.
    EK_JOINT_STEP = 2048,
    EK_JOINT_CLIP = 16384,
    /// A cosine of 1.
    EK_JOINT_UNIT = 32768,
};

/// (x - center) · inverse in steps, rounded to the nearest whole number (ties to even) and clipped, of `n` ≤ EK_JOINT_ROWS values: those at `at`, or the first ones
/// where it is null. NaN becomes 0 and turns its row's entry of `present` from -1 to 0.
void ek_joint_quantise(const double *x, const intptr_t *at, size_t n, double center, double inverse, int16_t *out, int16_t *present);

/// Adds a block to sums, all of whole numbers. Feature f of row r stands at q[f · EK_JOINT_ROWS + r]; rows from `n` on and rows with a 0 in `present` take no part (their
/// entries are set to 0).
/// `frequencies`: for each pair of features, for each wave, two numbers; the phase of a row is Σ frequency · value in units of 2^-(32 - shift) turns.
/// `sums`, `clipped`: by feature. `products`: of features i ≥ j at i(i + 1)/2 + j. `waves`: cosines, then sines.
/// Returns the number of rows that took part.
size_t ek_joint_add(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products, int64_t *waves,
                    int64_t *clipped);

/// The same by plain loops: the twin that the tests compare with, and what machines without AVX2 run.
size_t ek_joint_add_plain(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products,
                          int64_t *waves, int64_t *clipped);
