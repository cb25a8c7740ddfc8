#include "CKernels.h"

#include <math.h>
#include <string.h>

// Walks of large trees whose tests compare 32-bit numbers: a node is one word, so that twice as many are in the cache, and leaves are added where
// the walks end.

enum { EK_LANES = 8, EK_STEPS = 4 };

void ek_tree_narrow_view(const double *x, size_t start, size_t n, int left, double zero, size_t view, size_t width, float *out) {
    float to = left ? -INFINITY : NAN;
    x += start;
    out += view;
    for (size_t i = 0; i < n; i++) {
        float v = (float)x[i];
        out[i * width] = (v != v || fabs((double)v) <= zero) ? to : v;
    }
}

static inline float threshold(uint64_t node) {
    uint32_t bits = (uint32_t)node;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void ek_tree_narrow_add(const uint64_t *nodes, size_t root, const float *x, size_t width, size_t n, size_t at, float *sums) {
    nodes += root;
    sums += at;
    for (size_t row = 0; row < n; row += EK_LANES) {
        const float *lines = x + row * width;
        uint32_t place[EK_LANES] = {0}, moved = 1;
        while (moved) {
            moved = 0;
            for (int s = 0; s < EK_STEPS; s++)
                for (int j = 0; j < EK_LANES; j++) {
                    uint64_t node = nodes[place[j]];
                    uint32_t word = (uint32_t)(node >> 32);
                    uint32_t next = (word & EK_TREE_NARROW_CHILD) + !(lines[(size_t)j * width + (word >> EK_TREE_NARROW_BITS)] <= threshold(node));
                    moved |= next ^ place[j];
                    place[j] = next;
                }
        }
        for (int j = 0; j < EK_LANES; j++) sums[row + (size_t)j] += threshold(nodes[place[j]]);
    }
}
