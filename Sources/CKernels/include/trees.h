#pragma once
#include <stddef.h>
#include <stdint.h>

// Decision trees over blocks of 512 rows. A "view" is a feature as a test sees it: its missing values already replaced by a value that
// goes the way they shall go. A "plane" is a bit for each row of the block: bit k of byte j belongs to row 64·k + j. Ranks lie as bits do, at 8·j + k.

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

/// Operations beyond the last one that are read ahead of time, and so must be there.
#define EK_TREE_AHEAD 64

/// The tests of one view: `count` planes from `first` on. A row passes test i where its rank is at most limits[start + i]. Tests of sets are
/// one at a time: bit (start + code) of the tables.
typedef struct {
    uint32_t view, first, count, start, kind;
} ek_tree_group;
/// Ranks of 8 and of 16 bits, and codes of sets.
enum { EK_TREE_NARROW, EK_TREE_WIDE, EK_TREE_SET_TEST };
/// Planes below this one are for what is between tests and codes.
#define EK_TREE_TESTS 512

/// A tree among planes: its operations, how many bits its leaf codes have, where its leaf values begin, and which sum they belong to.
typedef struct {
    uint32_t op, op_count, plane_count, table, output;
} ek_tree_program;

/// Lays x[start ..< start + n] out as ranks lie, 0 beyond them; with `single`, rounded to 32 bits, and as 32-bit numbers, too.
void ek_tree_block(const double *x, size_t start, size_t n, int single, double *block, float *rounded);

/// How many of `count` ascending cuts lie below each of a block's 512 values; NaN has none below it.
void ek_tree_ranks_f64(const double *cuts, size_t at, size_t count, const double *block, uint16_t *rank);
void ek_tree_ranks_f32(const float *cuts, size_t at, size_t count, const float *block, uint16_t *rank);

/// The place of each value among ascending codes; `count` for a value that is none of them, `count + 1` for NaN.
/// With `single`, values are rounded to 32 bits first. `rule` 0 compares the values; 1 cuts off decimals, and negative integers are no code; 2 likewise, but for values below 0 or from 2²⁴ on.
void ek_tree_codes(const double *codes, size_t at, size_t count, int rule, const double *x, size_t start, size_t n, int single, uint16_t *code);

/// The same, of at most 255 cuts as a heap: cut i has the cuts below it at 2·i and those above at 2·i + 1, from 1 on; +inf where there is none.
void ek_tree_heap_ranks(const float *heap, size_t at, const float *block, uint16_t *rank);
#define EK_TREE_HEAP 256

/// Writes a view's 512 ranks at `view`, as 16 bits, and as 8 where they fit: those of missing values become 0 (which goes left) or `count` (right). `zero` is the size up to
/// which a value counts as missing (negative: none does).
void ek_tree_view(const uint16_t *rank, size_t count, const double *block, int left, double zero, size_t view, uint8_t *narrow, uint16_t *wide);

/// The planes of all tests of groups[from ..< to].
void ek_tree_masks(const ek_tree_group *groups, size_t from, size_t to, const uint16_t *limits, const uint8_t *narrow, const uint16_t *wide,
                   const uint64_t *tables, uint64_t *planes);

/// Runs trees [from, to) and adds their leaves' values, in the order of the trees, to sums[512·output + row].
/// `places` has 8 plane numbers for each tree: the bits of its leaf codes. With `targets` > 1 a tree adds to all sums, and its values
/// are stored target by target.
void ek_tree_add_f32(const ek_tree_program *trees, size_t from, size_t to, const ek_tree_op *ops, const uint16_t *places, const float *values,
                     size_t targets, uint64_t *planes, float *sums);
void ek_tree_add_f64(const ek_tree_program *trees, size_t from, size_t to, const ek_tree_op *ops, const uint16_t *places, const double *values,
                     size_t targets, uint64_t *planes, double *sums);

/// Views of values rather than ranks, row after row: x[row·width + view]; with `single`, rounded to 32 bits.
void ek_tree_row_view(const double *x, size_t start, size_t n, int single, int left, double zero, size_t view, size_t width, double *out);
void ek_tree_row_codes(const uint16_t *code, size_t n, size_t view, size_t width, double *out);

/// Clears the plane of zeros (0) and fills that of ones (1).
void ek_tree_constants(uint64_t *planes);

/// A view as one row's values are put into it: what ek_tree_row_view and ek_tree_codes are told of it.
typedef struct {
    size_t feature, at, count;
    double zero;
    int32_t rule, left;
} ek_tree_look;

/// All views of one row, whose features are x; the one beyond them is that of the leaves.
void ek_tree_row(const ek_tree_look *looks, size_t count, const double *cuts, const double *x, int single, double *views);

/// sums[output[tree]] += the value in the leaf where the row's walk ends, tree after tree. Trees of one output lie together.
void ek_tree_row_add_f32(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, const uint32_t *output, size_t trees,
                         const uint64_t *tables, const double *views, float *sums);
void ek_tree_row_add_f64(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, const uint32_t *output, size_t trees,
                         const uint64_t *tables, const double *views, double *sums);

/// The node where each row's walk from `root` ends, at most `depth` steps down.
void ek_tree_walk_rows(const ek_tree_node *nodes, uint32_t root, uint32_t depth, const uint64_t *tables, const double *x, size_t width, size_t n,
                       uint32_t *end);
/// The node where one row's walk ends, in each of the trees [from, to).
void ek_tree_walk_trees(const ek_tree_node *nodes, const uint32_t *roots, const uint32_t *depths, size_t from, size_t to, const uint64_t *tables,
                        const double *x, uint32_t *end);

/// A node of a large tree in one word: the bits of a 32-bit threshold, or of a leaf's value; then, in the upper half, the child's distance from the root
/// and above it the view.
enum { EK_TREE_NARROW_BITS = 20, EK_TREE_NARROW_CHILD = (1 << EK_TREE_NARROW_BITS) - 1 };

/// As ek_tree_row_view, of 32-bit numbers.
void ek_tree_narrow_view(const double *x, size_t start, size_t n, int left, double zero, size_t view, size_t width, float *out);
/// sums[at + row] += the value in the leaf where the row's walk from nodes[root] ends. Rows up to the next multiple of 8 are there, too.
void ek_tree_narrow_add(const uint64_t *nodes, size_t root, const float *x, size_t width, size_t n, size_t at, float *sums);

/// sums[at + row] += the value in the leaf where the row ended.
void ek_tree_leaf_f32(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, float *sums);
void ek_tree_leaf_f64(const ek_tree_node *nodes, const uint32_t *end, size_t n, size_t at, double *sums);
/// sums[512 · output[tree] + row] += the value in the leaf where the tree's walk ended, tree after tree.
void ek_tree_ends_f32(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, float *sums);
void ek_tree_ends_f64(const ek_tree_node *nodes, const uint32_t *end, const uint32_t *output, size_t trees, size_t row, double *sums);

/// sums[at + row] += values[leaf[end[row]] · targets + target].
void ek_tree_gather_f32(const float *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, float *sums);
void ek_tree_gather_f64(const double *values, const uint32_t *leaf, size_t targets, size_t target, const uint32_t *end, size_t n, size_t at, double *sums);
