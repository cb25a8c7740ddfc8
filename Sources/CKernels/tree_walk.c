#include "CKernels.h"

#include <math.h>
#include <string.h>

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

/// Where one row's walks end in the trees [tree, tree + count).
static inline __attribute__((always_inline)) void walk(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, size_t tree, int count,
                                                       const uint64_t *tables, const double *x, uint32_t *at) {
    uint32_t deepest = 0;
    for (int j = 0; j < count; j++) {
        at[j] = roots[tree + j];
        deepest = depths[tree + j] > deepest ? depths[tree + j] : deepest;
    }
    for (uint32_t level = 0; level < deepest; level++)
        for (int j = 0; j < count; j++) at[j] = step(nodes + at[j], tables, x);
}

void ek_tree_walk_trees(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, size_t from, size_t to, const uint64_t *tables,
                        const double *x, uint32_t *end) {
    size_t tree = from;
    for (; tree + EK_TREES <= to; tree += EK_TREES) {
        uint32_t at[EK_TREES];
        walk(nodes, roots, depths, tree, EK_TREES, tables, x, at);
        memcpy(end + tree - from, at, sizeof at);
    }
    for (; tree < to; tree++) walk(nodes, roots, depths, tree, 1, tables, x, end + tree - from);
}

void ek_tree_row(const ek_tree_look *looks, size_t count, const double *cuts, const double *x, int single, double *views) {
    for (size_t i = 0; i < count; i++) {
        const ek_tree_look *look = looks + i;
        if (look->rule < 0) {
            ek_tree_row_view(x, look->feature, 1, single, look->left, look->zero, i, count + 1, views);
            continue;
        }
        uint16_t code[EK_TREE_ROWS];
        ek_tree_codes(cuts, look->at, look->count, look->rule, x, look->feature, 1, single, code);
        views[i] = code[0];
    }
    views[count] = -INFINITY;
}

// The sum stays in a register while trees of one output follow each other.
#define EK_ROW_ADD(NAME, REAL) \
    void NAME(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, const uint32_t *output, size_t trees, const uint64_t *tables, \
              const double *views, REAL *sums) { \
        uint32_t to = 0; \
        REAL sum = sums[0]; \
        for (size_t tree = 0; tree < trees; tree += EK_TREES) { \
            int count = trees - tree < EK_TREES ? (int)(trees - tree) : EK_TREES; \
            uint32_t at[EK_TREES]; \
            if (count == EK_TREES) walk(nodes, roots, depths, tree, EK_TREES, tables, views, at); \
            else walk(nodes, roots, depths, tree, count, tables, views, at); \
            for (int j = 0; j < count; j++) { \
                if (output[tree + j] != to) { \
                    sums[to] = sum; \
                    to = output[tree + j]; \
                    sum = sums[to]; \
                } \
                sum += (REAL)nodes[at[j]].threshold; \
            } \
        } \
        sums[to] = sum; \
    }

EK_ROW_ADD(ek_tree_row_add_f32, float)
EK_ROW_ADD(ek_tree_row_add_f64, double)

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
