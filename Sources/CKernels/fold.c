#include "CKernels.h"

#include <math.h>
#include <string.h>

/// Adds a finite number to a sum in digits of 32 bits (ExactSum): without a branch, since signs and exponents are not to be foreseen.
static inline void exact_add(int64_t *digits, double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    unsigned exponent = bits >> 52 & 0x7FF, normal = exponent != 0;
    uint64_t mantissa = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)normal << 52;
    unsigned position = exponent - normal;
    unsigned at = position >> 5, shift = position & 31;
    uint64_t low = mantissa << shift, high = mantissa >> 1 >> (63 - shift);
    int64_t sign = (int64_t)bits >> 63;
    digits[at] += ((int64_t)(low & 0xFFFFFFFFu) ^ sign) - sign;
    digits[at + 1] += ((int64_t)(low >> 32) ^ sign) - sign;
    digits[at + 2] += ((int64_t)high ^ sign) - sign;
}

void ek_fold_column(const double *x, const uint32_t *cell, size_t n, double center, int64_t *counts, int64_t *sum, int64_t *squares,
                    ek_column_fold *out) {
    int64_t missing = 0, finite = 0;
    double minimum = INFINITY, maximum = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (cell[i] == EK_MISSING_CELL) {
            missing++;
            continue;
        }
        counts[cell[i]]++;
        double v = x[i] + 0.0;  // makes -0 to 0: which of two equal ones is kept would depend on the order
        minimum = v < minimum ? v : minimum;
        maximum = v > maximum ? v : maximum;
        double shifted = x[i] - center;
        if (!(fabs(shifted) < 1e150)) continue;
        finite++;
        exact_add(sum, shifted);
        exact_add(squares, shifted * shifted);
    }
    *out = (ek_column_fold){missing, finite, minimum, maximum};
}
