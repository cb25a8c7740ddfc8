#include "CKernels.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Trees by bits: one plane of 512 bits for every distinct test, shared by all trees; a tree is a fixed list of bitwise selections that
// ends in the bits of each row's leaf code. No branch depends on the data.

#if defined(__x86_64__)
#define EK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EK_CLONES
#endif

typedef uint64_t ek_plane __attribute__((vector_size(EK_TREE_PLANE), may_alias));
typedef uint8_t ek_bytes __attribute__((vector_size(EK_TREE_PLANE), may_alias));

enum { EK_BATCH = 8, EK_STEP = 32, EK_CODE_BITS = 8 };

/// The first cache line of a buffer; callers reserve a line for it.
static inline uint8_t *aligned(uint64_t *planes) { return (uint8_t *)(((uintptr_t)planes + EK_TREE_PLANE - 1) & ~(uintptr_t)(EK_TREE_PLANE - 1)); }

void ek_tree_constants(uint64_t *planes) {
    memset(aligned(planes), 0, EK_TREE_PLANE);
    memset(aligned(planes) + EK_TREE_PLANE, 0xFF, EK_TREE_PLANE);
}

EK_CLONES
void ek_tree_ranks(const double *cuts, size_t at, size_t count, const double *x, size_t start, size_t n, uint16_t *rank) {
    cuts += at;
    x += start;
    memset(rank, 0, EK_TREE_ROWS * sizeof *rank);
    if (!count) return;
    double block[EK_STEP];
    for (size_t from = 0; from < n; from += EK_STEP) {
        size_t rows = n - from < EK_STEP ? n - from : EK_STEP;
        for (size_t j = 0; j < EK_STEP; j++) block[j] = j < rows ? x[from + j] : 0;
        // The same halving in every lane: after it, low is the last place that may still be below the value.
        uint32_t low[EK_STEP] = {0};
        for (size_t left = count; left > 1;) {
            uint32_t half = (uint32_t)(left / 2);
            for (int j = 0; j < EK_STEP; j++) low[j] += cuts[low[j] + half - 1] < block[j] ? half : 0;
            left -= half;
        }
        for (size_t j = 0; j < rows; j++) rank[from + j] = (uint16_t)(low[j] + (cuts[low[j]] < block[j]));
    }
}

void ek_tree_codes(const double *codes, size_t at, size_t count, int rule, const double *x, size_t start, size_t n, uint16_t *code) {
    codes += at;
    x += start;
    memset(code, 0, EK_TREE_ROWS * sizeof *code);
    for (size_t i = 0; i < n; i++) {
        double v = x[i];
        if (v != v) {
            code[i] = (uint16_t)(count + 1);
            continue;
        }
        int isCode = 1;
        if (rule == 1) {
            v = trunc(v);
            isCode = v >= 0 && v <= INT32_MAX;
        } else if (rule == 2) {
            isCode = v >= 0 && v < 0x1p24;
            v = trunc(v);
        }
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (codes[middle] < v) low = middle + 1;
            else high = middle;
        }
        code[i] = (uint16_t)(isCode && low < count && codes[low] == v ? low : count);
    }
}

EK_CLONES
void ek_tree_view(const uint16_t *rank, size_t count, const double *x, size_t start, size_t n, int left, double zero, size_t view, uint16_t *views) {
    uint16_t to = left ? 0 : (uint16_t)count;
    uint16_t *out = views + view * EK_TREE_ROWS;
    x += start;
    for (size_t i = 0; i < n; i++) out[i] = (x[i] != x[i] || fabs(x[i]) <= zero) ? to : rank[i];
}

EK_CLONES
void ek_tree_masks(const ek_tree_group *groups, size_t from, size_t to, const uint16_t *buckets, const uint16_t *views, const uint64_t *tables,
                   uint64_t *planes) {
    uint8_t *all = aligned(planes);
    for (const ek_tree_group *group = groups + from; group < groups + to; group++) {
        const uint16_t *rank = views + (size_t)group->view * EK_TREE_ROWS;
        uint8_t *first = all + (size_t)group->first * EK_TREE_PLANE;
        memset(first, 0, (size_t)group->count * EK_TREE_PLANE);
        if (group->isSet) {
            for (int k = 0; k < 8; k++)
                for (int j = 0; j < EK_TREE_PLANE; j++) {
                    uint64_t at = (uint64_t)group->bucket + rank[k * EK_TREE_PLANE + j];
                    first[j] |= (uint8_t)((tables[at / 64] >> at % 64 & 1) << k);
                }
            continue;
        }
        // Each row sets one bit, in the plane of the lowest threshold that it passes; it passes all higher ones, too.
        const uint16_t *bucket = buckets + group->bucket;
        for (int k = 0; k < 8; k++) {
            uint8_t bit = (uint8_t)(1 << k);
            for (int j = 0; j < EK_TREE_PLANE; j++) all[(size_t)bucket[rank[k * EK_TREE_PLANE + j]] * EK_TREE_PLANE + j] |= bit;
        }
        ek_plane *plane = (ek_plane *)first, passed = plane[0];
        for (uint32_t i = 1; i < group->count; i++) {
            passed |= plane[i];
            plane[i] = passed;
        }
    }
}

static inline __attribute__((always_inline)) void select_planes(const ek_tree_op *ops, size_t count, ek_plane *p) {
    for (size_t i = 0; i < count; i++) {
        ek_plane mask = p[ops[i].mask];
        p[ops[i].to] = (p[ops[i].left] & mask) | (p[ops[i].right] & ~mask);
    }
}

/// Bits of eight planes to one byte for each row: an 8 × 8 transposition in each of 64 bytes, in three rounds of swaps.
static inline __attribute__((always_inline)) void leaf_codes(const uint16_t *places, size_t count, const ek_plane *p, uint8_t *codes) {
    ek_bytes v[EK_CODE_BITS];
    for (size_t i = 0; i < EK_CODE_BITS; i++) v[i] = i < count ? (ek_bytes)p[places[i]] : (ek_bytes){0};
#define EK_SWAP(a, b, shift, keep)                                  \
    {                                                               \
        ek_plane x = (ek_plane)v[a], y = (ek_plane)v[b];            \
        ek_plane swap = ((x >> (shift)) ^ y) & (uint64_t)(keep);    \
        v[b] = (ek_bytes)(y ^ swap);                                \
        v[a] = (ek_bytes)(x ^ (swap << (shift)));                   \
    }
    const uint64_t nibbles = 0x0F0F0F0F0F0F0F0F, pairs = 0x3333333333333333, odds = 0x5555555555555555;
    for (int i = 0; i < 4; i++) EK_SWAP(i, i + 4, 4, nibbles)
    for (int i = 0; i < 8; i += 4) {
        EK_SWAP(i, i + 2, 2, pairs)
        EK_SWAP(i + 1, i + 3, 2, pairs)
    }
    for (int i = 0; i < 8; i += 2) EK_SWAP(i, i + 1, 1, odds)
#undef EK_SWAP
    memcpy(codes, v, sizeof v);
}

// Several trees at a time, so that a row's sum is read and written once for all of them; it is added to in the order of the trees.
#define EK_LOOKUP(NAME, REAL) \
    static inline __attribute__((always_inline)) void NAME(const REAL *const *t, const uint32_t *bits, uint8_t(*codes)[EK_TREE_ROWS], size_t count, REAL *sum) { \
        (void)bits; \
        size_t i = 0; \
        for (; i + 4 <= count; i += 4) \
            for (size_t r = 0; r < EK_TREE_ROWS; r++) \
                sum[r] = (((sum[r] + t[i][codes[i][r]]) + t[i + 1][codes[i + 1][r]]) + t[i + 2][codes[i + 2][r]]) + t[i + 3][codes[i + 3][r]]; \
        for (; i < count; i++) \
            for (size_t r = 0; r < EK_TREE_ROWS; r++) sum[r] += t[i][codes[i][r]]; \
    }

EK_LOOKUP(lookup_f32, float)
EK_LOOKUP(lookup_f64, double)

#define EK_ADD_ARGUMENTS(REAL) \
    const ek_tree_program *trees, size_t from, size_t to, const ek_tree_op *ops, const uint16_t *places, const REAL *values, size_t targets, \
        uint64_t *planes, REAL *sums

#define EK_ADD(NAME, LOOKUP, REAL, FORMS) \
    FORMS static void NAME(EK_ADD_ARGUMENTS(REAL)) { \
        ek_plane *p = (ek_plane *)aligned(planes); \
        _Alignas(EK_TREE_PLANE) uint8_t codes[EK_BATCH][EK_TREE_ROWS]; \
        const REAL *table[EK_BATCH]; \
        uint32_t bits[EK_BATCH]; \
        size_t count = 0; \
        for (size_t i = from; i < to; i++) { \
            select_planes(ops + trees[i].op, trees[i].op_count, p); \
            leaf_codes(places + i * EK_CODE_BITS, trees[i].plane_count, p, codes[count]); \
            bits[count] = trees[i].plane_count; \
            table[count++] = values + trees[i].table; \
            if (targets > 1) { \
                for (size_t k = 0; k < targets; k++) { \
                    const REAL *one = table[0] + (k << trees[i].plane_count); \
                    LOOKUP(&one, bits, codes, 1, sums + k * EK_TREE_ROWS); \
                } \
                count = 0; \
            } else if (count == EK_BATCH || i + 1 == to || trees[i + 1].output != trees[i].output) { \
                LOOKUP(table, bits, codes, count, sums + (size_t)trees[i].output * EK_TREE_ROWS); \
                count = 0; \
            } \
        } \
    }

EK_ADD(add_f32, lookup_f32, float, EK_CLONES)
EK_ADD(add_f64, lookup_f64, double, EK_CLONES)

#if defined(__x86_64__)
// With AVX-512 the leaves of a small tree fit into registers, and sixteen rows look theirs up with a permutation instead of a gather.
#define EK_512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))

/// The 32-bit words that the low six bits of `code` choose from four registers.
EK_512 static inline __attribute__((always_inline)) __m512i chosen(const __m512i *t, __m512i code, __mmask16 isUpper) {
    __m512i lower = _mm512_permutex2var_epi32(t[0], code, t[1]), upper = _mm512_permutex2var_epi32(t[2], code, t[3]);
    return _mm512_mask_blend_epi32(isUpper, lower, upper);
}

/// Sixteen codes as 32-bit numbers.
EK_512 static inline __attribute__((always_inline)) __m512i sixteen(const uint8_t *codes) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
}

/// The first `count` 32-bit words of a table; what is beyond its end is never chosen.
EK_512 static inline __attribute__((always_inline)) void loaded(const void *table, size_t count, __m512i *t) {
    for (size_t k = 0; k < 4; k++) {
        __mmask16 there = count >= (k + 1) * 16 ? 0xFFFF : count <= k * 16 ? 0 : (__mmask16)((1u << (count - k * 16)) - 1);
        t[k] = _mm512_maskz_loadu_epi32(there, (const uint32_t *)table + k * 16);
    }
}

enum { EK_SMALL_BITS = 6, EK_F32_TREES = 4 };

static inline __attribute__((always_inline)) int are_small(const uint32_t *bits, size_t count) {
    int small = 1;
    for (size_t i = 0; i < count; i++) small &= bits[i] <= EK_SMALL_BITS;
    return small;
}

EK_512 static inline __attribute__((always_inline)) void lookup_f32_512(const float *const *t, const uint32_t *bits, uint8_t (*codes)[EK_TREE_ROWS],
                                                                       size_t count, float *sum) {
    if (!are_small(bits, count)) return lookup_f32(t, bits, codes, count, sum);
    size_t i = 0;
    for (; i + EK_F32_TREES <= count; i += EK_F32_TREES) {
        __m512i table[EK_F32_TREES][4];
        for (int j = 0; j < EK_F32_TREES; j++) loaded(t[i + j], (size_t)1 << bits[i + j], table[j]);
        for (size_t r = 0; r < EK_TREE_ROWS; r += 16) {
            __m512 total = _mm512_loadu_ps(sum + r);
            for (int j = 0; j < EK_F32_TREES; j++) {
                __m512i code = sixteen(codes[i + j] + r);
                __mmask16 isUpper = _mm512_test_epi32_mask(code, _mm512_set1_epi32(32));
                total = _mm512_add_ps(total, _mm512_castsi512_ps(chosen(table[j], code, isUpper)));
            }
            _mm512_storeu_ps(sum + r, total);
        }
    }
    lookup_f32(t + i, bits + i, codes + i, count - i, sum);
}

/// As for 32 bits, with the lower and the upper halves of the numbers in tables of their own.
EK_512 static inline __attribute__((always_inline)) void lookup_f64_512(const double *const *t, const uint32_t *bits, uint8_t (*codes)[EK_TREE_ROWS],
                                                                       size_t count, double *sum) {
    if (!are_small(bits, count)) return lookup_f64(t, bits, codes, count, sum);
    const __m512i evens = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i first = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    for (size_t i = 0; i < count; i++) {
        __m512i lower[4], upper[4], words[8];
        size_t size = (size_t)2 << bits[i];
        loaded(t[i], size, words);
        loaded((const uint32_t *)t[i] + 64, size > 64 ? size - 64 : 0, words + 4);
        for (int k = 0; k < 4; k++) {
            lower[k] = _mm512_permutex2var_epi32(words[2 * k], evens, words[2 * k + 1]);
            upper[k] = _mm512_permutex2var_epi32(words[2 * k], _mm512_add_epi32(evens, _mm512_set1_epi32(1)), words[2 * k + 1]);
        }
        for (size_t r = 0; r < EK_TREE_ROWS; r += 16) {
            __m512i code = sixteen(codes[i] + r);
            __mmask16 isUpper = _mm512_test_epi32_mask(code, _mm512_set1_epi32(32));
            __m512i low = chosen(lower, code, isUpper), high = chosen(upper, code, isUpper);
            __m512d a = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, first, high));
            __m512d b = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, second, high));
            _mm512_storeu_pd(sum + r, _mm512_add_pd(_mm512_loadu_pd(sum + r), a));
            _mm512_storeu_pd(sum + r + 8, _mm512_add_pd(_mm512_loadu_pd(sum + r + 8), b));
        }
    }
}

EK_ADD(add_f32_512, lookup_f32_512, float, EK_512)
EK_ADD(add_f64_512, lookup_f64_512, double, EK_512)
#endif

void ek_tree_add_f32(EK_ADD_ARGUMENTS(float)) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return add_f32_512(trees, from, to, ops, places, values, targets, planes, sums);
#endif
    add_f32(trees, from, to, ops, places, values, targets, planes, sums);
}

void ek_tree_add_f64(EK_ADD_ARGUMENTS(double)) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return add_f64_512(trees, from, to, ops, places, values, targets, planes, sums);
#endif
    add_f64(trees, from, to, ops, places, values, targets, planes, sums);
}
