#include "CKernels.h"

#include <math.h>

// Trees by steps, for trees too large for planes and for few rows. Eight walks go side by side: each waits for memory, not for the others,
// and a step is a comparison and an addition rather than a branch.

enum { EK_LANES = 8, EK_TREES = 16, EK_STEPS = 4 };

void ek_tree_row_view(const double *x, size_t start, size_t n, int single, int left, double zero, size_t view, size_t width, double *out) {
    double to = left ? -INFINITY : NAN;
    x += start;
    out += view;
    for (size_t i = 0; i < n; i++) {
        double v = single ? (double)(float)x[i] : x[i];
        out[i * width] = (v != v || fabs(v) <= zero) ? to : v;
    }
}

void ek_tree_row_codes(const uint16_t *code, size_t n, size_t view, size_t width, double *out) {
    for (size_t i = 0; i < n; i++) out[i * width + view] = code[i];
}

static inline __attribute__((always_inline)) uint32_t step(const ek_tree_node *node, const uint64_t *tables, const double *x) {
    if (__builtin_expect(node->view & EK_TREE_SET, 0)) {
        uint64_t at = (uint64_t)node->threshold + (uint64_t)x[node->view & ~EK_TREE_SET];
        return node->child + !(tables[at / 64] >> at % 64 & 1);
    }
    return node->child + !(x[node->view] <= node->threshold);
}

void ek_tree_walk_rows(const ek_tree_node *nodes, uint32_t root, uint32_t depth, const uint64_t *tables, const double *x, size_t width, size_t n,
                       uint32_t *end) {
    size_t row = 0;
    for (; row + EK_LANES <= n; row += EK_LANES) {
        uint32_t at[EK_LANES];
        for (int j = 0; j < EK_LANES; j++) at[j] = root;
        for (uint32_t level = 0; level < depth; level += EK_STEPS) {
            uint32_t moved = 0;
            for (int s = 0; s < EK_STEPS; s++)
                for (int j = 0; j < EK_LANES; j++) {
                    uint32_t next = step(nodes + at[j], tables, x + (row + j) * width);
                    moved |= next ^ at[j];
                    at[j] = next;
                }
            if (!moved) break;
        }
        for (int j = 0; j < EK_LANES; j++) end[row + j] = at[j];
    }
    for (; row < n; row++) {
        uint32_t at = root;
        for (uint32_t level = 0; level < depth; level++) at = step(nodes + at, tables, x + row * width);
        end[row] = at;
    }
}

void ek_tree_walk_trees(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, size_t from, size_t to, const uint64_t *tables,
                        const double *x, uint32_t *end) {
    size_t tree = from;
    for (; tree + EK_TREES <= to; tree += EK_TREES) {
        uint32_t at[EK_TREES], deepest = 0;
        for (int j = 0; j < EK_TREES; j++) {
            at[j] = roots[tree + j];
            deepest = depths[tree + j] > deepest ? depths[tree + j] : deepest;
        }
        for (uint32_t level = 0; level < deepest; level++)
            for (int j = 0; j < EK_TREES; j++) at[j] = step(nodes + at[j], tables, x);
        for (int j = 0; j < EK_TREES; j++) end[tree + j - from] = at[j];
    }
    for (; tree < to; tree++) {
        uint32_t at = roots[tree];
        for (uint32_t level = 0; level < depths[tree]; level++) at = step(nodes + at, tables, x);
        end[tree - from] = at;
    }
}

void ek_tree_leaf_f32(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, float *sums) {
    for (size_t i = 0; i < n; i++) sums[at + i] += (float)nodes[end[i]].threshold;
}

void ek_tree_leaf_f64(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, double *sums) {
    for (size_t i = 0; i < n; i++) sums[at + i] += nodes[end[i]].threshold;
}

void ek_tree_ends_f32(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, float *sums) {
    for (size_t i = 0; i < trees; i++) sums[(size_t)output[i] * EK_TREE_ROWS + row] += (float)nodes[end[i]].threshold;
}

void ek_tree_ends_f64(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, double *sums) {
    for (size_t i = 0; i < trees; i++) sums[(size_t)output[i] * EK_TREE_ROWS + row] += nodes[end[i]].threshold;
}

void ek_tree_gather_f32(const float *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, float *sums) {
    for (size_t i = 0; i < n; i++) sums[at + i] += values[(size_t)leaf[end[i]] * targets + target];
}

void ek_tree_gather_f64(const double *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, double *sums) {
    for (size_t i = 0; i < n; i++) sums[at + i] += values[(size_t)leaf[end[i]] * targets + target];
}
