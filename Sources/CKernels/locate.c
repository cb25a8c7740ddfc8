#include "CKernels.h"
#include "clones.h"

enum { EK_BLOCK = 32 };

EK_CLONES
void ek_locate_f64(const double *cuts, uint32_t count, uint32_t padded, const double *x, size_t n, uint32_t *cell) {
    size_t start = 0;
    // Whole blocks: the same binary search in every lane, so that the compiler makes gathers of it.
    for (; start + EK_BLOCK <= n; start += EK_BLOCK) {
        uint64_t low[EK_BLOCK] = {0};
        for (uint64_t step = padded / 2; step > 0; step /= 2)
            for (int j = 0; j < EK_BLOCK; j++)
                low[j] += cuts[low[j] + step - 1] < x[start + j] ? step : 0;
        for (int j = 0; j < EK_BLOCK; j++) {
            double v = x[start + j];
            uint32_t hit = low[j] < count && cuts[low[j]] == v;
            cell[start + j] = v != v ? EK_MISSING_CELL : (uint32_t)(2 * low[j]) + hit;
        }
    }
    for (; start < n; start++) {
        double v = x[start];
        uint64_t low = 0;
        for (uint64_t step = padded / 2; step > 0; step /= 2) low += cuts[low + step - 1] < v ? step : 0;
        uint32_t hit = low < count && cuts[low] == v;
        cell[start] = v != v ? EK_MISSING_CELL : (uint32_t)(2 * low) + hit;
    }
}
