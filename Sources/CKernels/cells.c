#include "CKernels.h"

#if defined(__x86_64__)
#define EK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EK_CLONES
#endif

enum { EK_CELL_BLOCK = 512 };

// Comparisons the way round that sends a NaN from 0·infinity to cell 0. Signed conversion: unsigned has no instruction before AVX-512.
static inline uint32_t cell_of(double x, double low, double scale, double last) {
    double t = (x - low) * scale;
    t = t > 0 ? t : 0;
    t = t < last ? t : last;
    return (uint32_t)(int32_t)t;
}

EK_CLONES
void ek_cell_counts(const double *x, size_t n, double low, double scale, uint32_t last, uint32_t *counts) {
    uint32_t cell[EK_CELL_BLOCK];
    uint32_t *other = counts + last + 1;
    for (size_t start = 0; start < n; start += EK_CELL_BLOCK) {
        size_t count = n - start < EK_CELL_BLOCK ? n - start : EK_CELL_BLOCK;
        for (size_t j = 0; j < count; j++) cell[j] = cell_of(x[start + j], low, scale, last);
        size_t j = 0;
        for (; j + 2 <= count; j += 2) {
            counts[cell[j]]++;
            other[cell[j + 1]]++;
        }
        if (j < count) counts[cell[j]]++;
    }
}

EK_CLONES
size_t ek_cell_pick(const double *x, size_t n, double low, double scale, uint32_t last, const uint8_t *flags, double *out) {
    uint32_t cell[EK_CELL_BLOCK];
    size_t taken = 0;
    for (size_t start = 0; start < n; start += EK_CELL_BLOCK) {
        size_t count = n - start < EK_CELL_BLOCK ? n - start : EK_CELL_BLOCK;
        for (size_t j = 0; j < count; j++) cell[j] = cell_of(x[start + j], low, scale, last);
        for (size_t j = 0; j < count; j++) {
            out[taken] = x[start + j];
            taken += flags[cell[j]];
        }
    }
    return taken;
}

EK_CLONES
void ek_cell_split(const double *x, size_t n, double low, double scale, uint32_t last, uint32_t *next, double *out) {
    uint32_t cell[EK_CELL_BLOCK];
    for (size_t start = 0; start < n; start += EK_CELL_BLOCK) {
        size_t count = n - start < EK_CELL_BLOCK ? n - start : EK_CELL_BLOCK;
        for (size_t j = 0; j < count; j++) cell[j] = cell_of(x[start + j], low, scale, last);
        for (size_t j = 0; j < count; j++) out[next[cell[j]]++] = x[start + j];
    }
}

EK_CLONES
void ek_finite_range(const double *x, size_t n, double *low, double *high) {
    const double infinity = __builtin_inf();
    double l = infinity, h = -infinity;
    for (size_t i = 0; i < n; i++) {
        double v = x[i];
        double down = v > -infinity ? v : infinity;   // −infinity takes no part
        double up = v < infinity ? v : -infinity;
        l = down < l ? down : l;
        h = up > h ? up : h;
    }
    *low = l;
    *high = h;
}
