#include "CKernels.h"
#include "clones.h"

#include <string.h>

enum { EK_CELL_BLOCK = 512 };

/// The cells of up to a block of values. Inlined into each caller, so that it has its instruction set.
static inline __attribute__((always_inline)) void locate(const double *x, size_t count, const ek_cells *map, uint32_t *cell) {
    if (map->shift < 0) {
        const double low = map->low, scale = map->scale, last = map->last;
        for (size_t j = 0; j < count; j++) {
            double t = (x[j] - low) * scale;
            t = t > 0 ? t : 0;  // this way round a NaN from 0·infinity goes to cell 0
            t = t < last ? t : last;
            cell[j] = (uint32_t)(int32_t)t;  // signed: unsigned has no instruction before AVX-512
        }
    } else {
        const int64_t low = map->low_bits;
        const uint64_t last = map->last;
        const int32_t shift = map->shift;
        for (size_t j = 0; j < count; j++) {
            double v = x[j] + 0.0;  // one zero
            int64_t k;
            memcpy(&k, &v, sizeof k);
            k ^= (k >> 63) & INT64_MAX;
            uint64_t d = k < low ? 0 : ((uint64_t)k - (uint64_t)low) >> shift;
            cell[j] = (uint32_t)(d < last ? d : last);
        }
    }
}

#define EK_BLOCKS \
    uint32_t cell[EK_CELL_BLOCK]; \
    for (size_t start = 0, count; start < n && (count = n - start < EK_CELL_BLOCK ? n - start : EK_CELL_BLOCK, locate(x + start, count, map, cell), 1); \
         start += EK_CELL_BLOCK)

/// Two tables take turns, so that a run of equal values waits half as often for itself.
static inline __attribute__((always_inline)) void count_cells(const uint32_t *cell, size_t count, uint32_t *counts, uint32_t *other) {
    size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        uint64_t first, second;  // two cells with one load
        memcpy(&first, cell + j, sizeof first);
        memcpy(&second, cell + j + 2, sizeof second);
        counts[(uint32_t)first]++;
        other[first >> 32]++;
        counts[(uint32_t)second]++;
        other[second >> 32]++;
    }
    for (; j < count; j++) counts[cell[j]]++;
}

EK_CLONES
void ek_cell_counts(const double *x, size_t n, const ek_cells *map, uint32_t *counts) {
    uint32_t *other = counts + map->last + 1;
    EK_BLOCKS {
        count_cells(cell, count, counts, other);
    }
}

EK_CLONES
void ek_cell_sums(const double *x, size_t n, const ek_cells *map, double base, uint32_t *counts, double *sums) {
    EK_BLOCKS {
        for (size_t j = 0; j < count; j++) {
            counts[cell[j]]++;
            sums[cell[j]] += x[start + j] - base;
        }
    }
}

EK_CLONES
void ek_moments(const double *x, size_t n, double base, double *sum, double *squares) {
    double s[8] = {0}, q[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) {
            double d = x[i + j] - base;
            double dd = d * d;
            s[j] += d;
            q[j] += dd;
        }
    for (int j = 0; i < n; i++, j++) {
        double d = x[i] - base;
        double dd = d * d;
        s[j] += d;
        q[j] += dd;
    }
    *sum = ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
    *squares = ((q[0] + q[4]) + (q[1] + q[5])) + ((q[2] + q[6]) + (q[3] + q[7]));
}

EK_CLONES
size_t ek_present_count(const double *x, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += x[i] == x[i];
    return count;
}

EK_CLONES
size_t ek_present(const double *x, size_t n, double *out) {
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        out[taken] = x[i];
        taken += x[i] == x[i];
    }
    return taken;
}

EK_CLONES
void ek_cell_mixed(const double *x, size_t n, const ek_cells *map, double *first, uint8_t *mixed) {
    EK_BLOCKS {
        for (size_t j = 0; j < count; j++) {
            double seen = first[cell[j]], v = x[start + j];
            first[cell[j]] = seen == seen ? seen : v;
            mixed[cell[j]] |= (seen < v) | (seen > v);
        }
    }
}

EK_CLONES
size_t ek_cell_pick(const double *x, size_t n, const ek_cells *map, const uint8_t *flags, double *out) {
    size_t taken = 0;
    EK_BLOCKS {
        for (size_t j = 0; j < count; j++) {
            out[taken] = x[start + j];
            taken += flags[cell[j]];
        }
    }
    return taken;
}

EK_CLONES
void ek_cell_split(const double *x, size_t n, const ek_cells *map, uint32_t *next, double *out) {
    EK_BLOCKS {
        for (size_t j = 0; j < count; j++) out[next[cell[j]]++] = x[start + j];
    }
}

EK_CLONES
void ek_finite_range(const double *x, size_t n, double *low, double *high) {
    const double infinity = __builtin_inf();
    double l = infinity, h = -infinity;
    for (size_t i = 0; i < n; i++) {
        double v = x[i];
        double down = v > -infinity ? v : infinity;  // infinite values take no part
        double up = v < infinity ? v : -infinity;
        l = down < l ? down : l;
        h = up > h ? up : h;
    }
    *low = l;
    *high = h;
}

EK_CLONES
void ek_halved_cell_counts(const double *x, size_t n, const ek_cells *map, const double *edges, uint32_t *counts) {
    uint32_t *other = counts + 2 * ((size_t)map->last + 1);
    EK_BLOCKS {
        // Loops of their own, which compilers make into vectors: the counting cannot be.
        for (size_t j = 0; j < count; j++) cell[j] = 2 * cell[j] + (x[start + j] > edges[cell[j]]);
        count_cells(cell, count, counts, other);
    }
}

EK_CLONES
void ek_counts_above(const double *x, size_t n, const double *edges, size_t edge_count, uint64_t *above) {
    for (size_t start = 0; start < n; start += EK_CELL_BLOCK) {
        size_t count = n - start < EK_CELL_BLOCK ? n - start : EK_CELL_BLOCK;
        size_t e = 0;
        for (; e + 3 <= edge_count; e += 3) {  // three edges for each value loaded
            const double first = edges[e], second = edges[e + 1], third = edges[e + 2];
            uint64_t above_first = 0, above_second = 0, above_third = 0;
            for (size_t j = 0; j < count; j++) {
                above_first += x[start + j] > first;
                above_second += x[start + j] > second;
                above_third += x[start + j] > third;
            }
            above[e] += above_first;
            above[e + 1] += above_second;
            above[e + 2] += above_third;
        }
        for (; e < edge_count; e++) {
            const double edge = edges[e];
            uint64_t more = 0;
            for (size_t j = 0; j < count; j++) more += x[start + j] > edge;
            above[e] += more;
        }
    }
}
