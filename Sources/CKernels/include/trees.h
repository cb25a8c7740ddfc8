#pragma once
#include <stddef.h>
#include <stdint.h>

// Decision trees over blocks of 512 rows. A "view" is a feature as a test sees it: its missing values already replaced by a value that
// goes the way they shall go. A "plane" is a bit for each row of the block: bit k of byte j belongs to row 64·k + j.

#define EK_TREE_ROWS 512
/// Bytes of a plane, and what a buffer of planes must hold in addition so that its planes can begin at a cache line.
#define EK_TREE_PLANE 64

/// A node of the walk: left is `child`, right `child + 1`. A leaf looks at the view that is -inf and has itself as its child; its
/// threshold is free, and holds the leaf's value where a leaf has one.
/// With EK_TREE_SET in `view`, the test is bit (threshold + code) of a table and not view <= threshold.
typedef struct {
    double threshold;
    uint32_t view, child;
} ek_tree_node;
#define EK_TREE_SET 0x80000000u

/// to = mask ? left : right, bit by bit. All four are numbers of planes.
typedef struct {
    uint16_t mask, left, right, to;
} ek_tree_op;

/// The tests of one view: `count` planes from `first` on. A row whose rank is r passes the tests from plane buckets[bucket + r] on; the
/// plane EK_TREE_TRASH stands for none of them. Tests of sets (`isSet`) are one at a time: bit (bucket + code) of the tables.
typedef struct {
    uint32_t view, first, count, bucket, isSet;
} ek_tree_group;
#define EK_TREE_TRASH 511

/// A tree among planes: its operations, how many bits its leaf codes have, where its leaf values begin, and which sum they belong to.
typedef struct {
    uint32_t op, op_count, plane_count, table, output;
} ek_tree_program;

/// How many of `count` ascending cuts lie below each of x[start ..< start + n]; NaN has none below it.
void ek_tree_ranks(const double *cuts, size_t at, size_t count, const double *x, size_t start, size_t n, uint16_t *rank);

/// The place of each value among ascending codes; `count` for a value that is none of them, `count + 1` for NaN.
/// `rule` 0 compares the values; 1 cuts off decimals, and negative integers are no code; 2 likewise, but for values below 0 or from 2²⁴ on.
void ek_tree_codes(const double *codes, size_t at, size_t count, int rule, const double *x, size_t start, size_t n, uint16_t *code);

/// Writes a view's 512 ranks at `view`: those of missing values become 0 (which goes left) or `count` (right). `zero` is the size up to
/// which a value counts as missing (negative: none does).
void ek_tree_view(const uint16_t *rank, size_t count, const double *x, size_t start, size_t n, int left, double zero, size_t view, uint16_t *views);

/// The planes of all tests of groups[from ..< to].
void ek_tree_masks(const ek_tree_group *groups, size_t from, size_t to, const uint16_t *buckets, const uint16_t *views, const uint64_t *tables,
                   uint64_t *planes);

/// Runs trees [from, to) and adds their leaves' values, in the order of the trees, to sums[512·output + row].
/// `places` has 8 plane numbers for each tree: the bits of its leaf codes. With `targets` > 1 a tree adds to all sums, and its values
/// are stored target by target.
void ek_tree_add_f32(const ek_tree_program *trees, size_t from, size_t to, const ek_tree_op *ops, const uint16_t *places, const float *values,
                     size_t targets, uint64_t *planes, float *sums);
void ek_tree_add_f64(const ek_tree_program *trees, size_t from, size_t to, const ek_tree_op *ops, const uint16_t *places, const double *values,
                     size_t targets, uint64_t *planes, double *sums);

/// Views of values rather than ranks, row after row: x[row·width + view].
void ek_tree_row_view(const double *x, size_t start, size_t n, int left, double zero, size_t view, size_t width, double *out);
void ek_tree_row_codes(const uint16_t *code, size_t n, size_t view, size_t width, double *out);

/// Clears the plane of zeros (0) and fills that of ones (1).
void ek_tree_constants(uint64_t *planes);

/// The node where each row's walk from `root` ends, at most `depth` steps down.
void ek_tree_walk_rows(const ek_tree_node *nodes, uint32_t root, uint32_t depth, const uint64_t *tables, const double *x, size_t width, size_t n,
                       uint32_t *end);
/// The node where one row's walk ends, in each of the trees [from, to).
void ek_tree_walk_trees(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, size_t from, size_t to, const uint64_t *tables,
                        const double *x, uint32_t *end);

/// sums[at + row] += the value in the leaf where the row ended.
void ek_tree_leaf_f32(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, float *sums);
void ek_tree_leaf_f64(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, double *sums);
/// sums[512 · output[tree] + row] += the value in the leaf where the tree's walk ended, tree after tree.
void ek_tree_ends_f32(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, float *sums);
void ek_tree_ends_f64(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, double *sums);

/// sums[at + row] += values[leaf[end[row]] · targets + target].
void ek_tree_gather_f32(const float *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, float *sums);
void ek_tree_gather_f64(const double *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, double *sums);
