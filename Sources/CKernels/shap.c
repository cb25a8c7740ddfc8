#include "CKernels.h"
#include "clones.h"

#include <string.h>

// Lanes are patterns or rows, so that each element goes through the operations of the plain loop in their order and has its bits.

enum { EK_DEPTH = 8, EK_LANES = 8 };
typedef double ek_lanes __attribute__((vector_size(EK_LANES * sizeof(double))));
typedef int64_t ek_marks __attribute__((vector_size(EK_LANES * sizeof(int64_t))));

EK_CLONES
void ek_shap_mark(const double *x, size_t start, size_t n, double low, double high, int lowest, int missing, unsigned bit, uint8_t *patterns) {
    x += start;
    uint8_t passed = (uint8_t)bit, unknown = missing ? (uint8_t)bit : 0;
    if (lowest) {
        for (size_t i = 0; i < n; i++) patterns[i] |= x[i] != x[i] ? unknown : x[i] <= high ? passed : 0;
    } else {
        for (size_t i = 0; i < n; i++) patterns[i] |= x[i] != x[i] ? unknown : ((x[i] > low) & (x[i] <= high)) ? passed : 0;
    }
}

size_t ek_shap_distinct(const uint8_t *patterns, size_t n, uint8_t *list) {
    uint8_t is_there[256] = {0};
    for (size_t i = 0; i < n; i++) is_there[patterns[i]] = 1;
    size_t count = 0;
    for (int i = 0; i < 256; i++)
        if (is_there[i]) list[count++] = (uint8_t)i;
    return count;
}

EK_CLONES
void ek_shap_weights(const double *zeros, size_t depth, const uint8_t *list, size_t count, double *table) {
    const ek_lanes none = {0}, size = none + (double)(depth + 1);
    for (size_t from = 0; from < count; from += EK_LANES) {
        size_t lanes = count - from < EK_LANES ? count - from : EK_LANES;
        ek_lanes sums[EK_DEPTH + 1], ones[EK_DEPTH];
        for (size_t i = 0; i < depth; i++)
            for (size_t j = 0; j < EK_LANES; j++) ones[i][j] = j < lanes && (list[from + j] >> i & 1) ? 1 : 0;
        sums[0] = none + 1;
        for (size_t i = 0; i < depth; i++) {
            const ek_lanes parts = none + (double)(i + 2);
            sums[i + 1] = none;
            for (size_t k = i + 1; k-- > 0;) {
                sums[k + 1] += ones[i] * sums[k] * (double)(k + 1) / parts;
                sums[k] = zeros[i] * sums[k] * (double)(i + 1 - k) / parts;
            }
        }
        for (size_t i = 0; i < depth; i++) {
            // The feature is taken out of the sums again: one way where it lets the row through, another where it does not.
            ek_lanes passed = none, stopped = none, next = sums[depth];
            for (size_t k = depth; k-- > 0;) {
                ek_lanes part = next * size / (double)(k + 1);
                passed += part;
                next = sums[k] - part * zeros[i] * (double)(depth - k) / size;
                if (zeros[i] > 0) stopped += sums[k] * size / (zeros[i] * (double)(depth - k));
            }
            ek_marks isOne = ones[i] > 0;
            ek_lanes total = (ek_lanes)(((ek_marks)passed & isOne) | ((ek_marks)stopped & ~isOne)) * (ones[i] - zeros[i]);
            for (size_t j = 0; j < lanes; j++) table[(i << depth) + list[from + j]] = total[j];
        }
    }
}

EK_CLONES
void ek_shap_add(const double *table, size_t from, size_t size, double value, const uint8_t *patterns, size_t n, size_t at, double *sums) {
    double products[256];
    for (size_t i = 0; i < size; i++) products[i] = table[from + i] * value;
    sums += at;
    for (size_t i = 0; i < n; i++) sums[i] += products[patterns[i]];
}
