#include "CKernels.h"

#include <math.h>
#include <stdbool.h>
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
typedef uint64_t ek_word64 __attribute__((may_alias));
typedef uint32_t ek_word32 __attribute__((may_alias));
typedef uint8_t ek_bytes __attribute__((vector_size(EK_TREE_PLANE), may_alias));

enum { EK_BATCH = 8, EK_STEP = 32, EK_CODE_BITS = 8 };

/// The first cache line of a buffer; callers reserve a line for it.
static inline uint8_t *aligned(uint64_t *planes) { return (uint8_t *)(((uintptr_t)planes + EK_TREE_PLANE - 1) & ~(uintptr_t)(EK_TREE_PLANE - 1)); }

void ek_tree_constants(uint64_t *planes) {
    memset(aligned(planes), 0, EK_TREE_PLANE);
    memset(aligned(planes) + EK_TREE_PLANE, 0xFF, EK_TREE_PLANE);
}

EK_CLONES
void ek_tree_block(const double *x, size_t start, size_t n, int single, double *block, float *rounded) {
    x += start;
    if (n < EK_TREE_ROWS) memset(block, 0, EK_TREE_ROWS * sizeof *block);
    for (size_t row = 0; row < n; row++) block[row % EK_TREE_PLANE * 8 + row / EK_TREE_PLANE] = x[row];
    if (!single) return;
    for (size_t i = 0; i < EK_TREE_ROWS; i++) {
        rounded[i] = (float)block[i];
        block[i] = rounded[i];
    }
}

// The same halving in every lane: after it, low is the last place that may still be below the value.
#define EK_RANKS(NAME, REAL) \
    EK_CLONES \
    void NAME(const REAL *cuts, size_t at, size_t count, const REAL *block, uint16_t *rank) { \
        cuts += at; \
        memset(rank, 0, EK_TREE_ROWS * sizeof *rank); \
        if (!count) return; \
        for (size_t from = 0; from < EK_TREE_ROWS; from += EK_STEP) { \
            const REAL *x = block + from; \
            uint32_t low[EK_STEP] = {0}; \
            for (size_t left = count; left > 1;) { \
                uint32_t half = (uint32_t)(left / 2); \
                for (int j = 0; j < EK_STEP; j++) low[j] += cuts[low[j] + half - 1] < x[j] ? half : 0; \
                left -= half; \
            } \
            for (int j = 0; j < EK_STEP; j++) rank[from + j] = (uint16_t)(low[j] + (cuts[low[j]] < x[j])); \
        } \
    }

EK_RANKS(ek_tree_ranks_f64, double)
EK_RANKS(ek_tree_ranks_f32, float)

EK_CLONES
static void heap_ranks(const float *heap, const float *block, uint16_t *rank) {
    for (size_t from = 0; from < EK_TREE_ROWS; from += EK_STEP) {
        uint32_t at[EK_STEP];
        for (int j = 0; j < EK_STEP; j++) at[j] = 1;
        for (int level = 0; level < 8; level++)
            for (int j = 0; j < EK_STEP; j++) at[j] = 2 * at[j] + (heap[at[j]] < block[from + j]);
        for (int j = 0; j < EK_STEP; j++) rank[from + j] = (uint16_t)(at[j] - EK_TREE_HEAP);
    }
}

void ek_tree_codes(const double *codes, size_t at, size_t count, int rule, const double *x, size_t start, size_t n, int single, uint16_t *code) {
    codes += at;
    x += start;
    memset(code, 0, EK_TREE_ROWS * sizeof *code);
    for (size_t i = 0; i < n; i++) {
        double v = single ? (double)(float)x[i] : x[i];
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
void ek_tree_view(const uint16_t *rank, size_t count, const double *block, int left, double zero, size_t view, uint8_t *narrow, uint16_t *wide) {
    uint16_t to = left ? 0 : (uint16_t)count;
    uint16_t *out = wide + view * EK_TREE_ROWS;
    for (size_t i = 0; i < EK_TREE_ROWS; i++) out[i] = (block[i] != block[i] || fabs(block[i]) <= zero) ? to : rank[i];
    if (count > UINT8_MAX) return;
    for (size_t i = 0; i < EK_TREE_ROWS; i++) narrow[view * EK_TREE_ROWS + i] = (uint8_t)out[i];
}

// A plane's 64-bit words are what comparing as many ranks with a limit comes to.
#define EK_COMPARE(NAME, RANK, LANES, WORD) \
    typedef RANK NAME##_ranks __attribute__((ext_vector_type(LANES))); \
    typedef bool NAME##_bits __attribute__((ext_vector_type(LANES))); \
    static inline __attribute__((always_inline)) void NAME(const RANK *rank, const uint16_t *limits, size_t count, uint8_t *planes) { \
        NAME##_ranks all[EK_TREE_ROWS / LANES]; \
        memcpy(all, rank, sizeof all); \
        for (size_t i = 0; i < count; i++) { \
            NAME##_ranks limit = (RANK)limits[i]; \
            WORD *words = (WORD *)(planes + i * EK_TREE_PLANE); \
            for (int w = 0; w < EK_TREE_ROWS / LANES; w++) \
                words[w] = __builtin_bit_cast(WORD, __builtin_convertvector(all[w] <= limit, NAME##_bits)); \
        } \
    }

EK_COMPARE(compare_narrow, uint8_t, 64, ek_word64)
EK_COMPARE(compare_wide, uint16_t, 32, ek_word32)

EK_CLONES
void ek_tree_masks(const ek_tree_group *groups, size_t from, size_t to, const uint16_t *limits, const uint8_t *narrow, const uint16_t *wide,
                   const uint64_t *tables, uint64_t *planes) {
    uint8_t *all = aligned(planes);
    for (const ek_tree_group *group = groups + from; group < groups + to; group++) {
        size_t view = (size_t)group->view * EK_TREE_ROWS;
        uint8_t *first = all + (size_t)group->first * EK_TREE_PLANE;
        switch (group->kind) {
        case EK_TREE_NARROW: compare_narrow(narrow + view, limits + group->start, group->count, first); break;
        case EK_TREE_WIDE: compare_wide(wide + view, limits + group->start, group->count, first); break;
        default:
            for (int j = 0; j < EK_TREE_PLANE; j++) {
                uint8_t bits = 0;
                for (int k = 0; k < 8; k++) {
                    uint64_t at = (uint64_t)group->start + wide[view + 8 * j + k];
                    bits |= (uint8_t)((tables[at / 64] >> at % 64 & 1) << k);
                }
                first[j] = bits;
            }
        }
    }
}

static inline __attribute__((always_inline)) void select_planes(const ek_tree_op *ops, size_t count, ek_plane *p) {
    for (size_t i = 0; i < count; i++) {
        // The tests of a stage are in the second level of the cache.
        __builtin_prefetch(p + ops[i + EK_TREE_AHEAD].mask);
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

/// The 32-bit words that codes choose from a table in 4, 8 or 16 registers.
EK_512 static inline __attribute__((always_inline)) __m512i chosen4(const __m512i *t, __m512i code) {
    __m512i lower = _mm512_permutex2var_epi32(t[0], code, t[1]), upper = _mm512_permutex2var_epi32(t[2], code, t[3]);
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(32)), lower, upper);
}

EK_512 static inline __attribute__((always_inline)) __m512i chosen8(const __m512i *t, __m512i code) {
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(64)), chosen4(t, code), chosen4(t + 4, code));
}

EK_512 static inline __attribute__((always_inline)) __m512i chosen(const __m512i *t, int registers, __m512i code) {
    if (registers == 4) return chosen4(t, code);
    if (registers == 8) return chosen8(t, code);
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(128)), chosen8(t, code), chosen8(t + 8, code));
}

/// Sixteen codes as 32-bit numbers.
EK_512 static inline __attribute__((always_inline)) __m512i sixteen(const uint8_t *codes) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
}

/// A table of `count` 32-bit words; what is beyond its end is never chosen.
EK_512 static inline __attribute__((always_inline)) void loaded(const void *table, size_t count, int registers, __m512i *t) {
    for (size_t k = 0; k < (size_t)registers; k++) {
        __mmask16 there = count >= (k + 1) * 16 ? 0xFFFF : count <= k * 16 ? 0 : (__mmask16)((1u << (count - k * 16)) - 1);
        t[k] = _mm512_maskz_loadu_epi32(there, (const uint32_t *)table + k * 16);
    }
}

/// Some trees whose tables have as many registers each.
EK_512 static inline __attribute__((always_inline)) void add_some_f32(const float *const *t, const uint32_t *bits, uint8_t (*codes)[EK_TREE_ROWS],
                                                                     int trees, int registers, float *sum) {
    __m512i table[4][16];
    for (int j = 0; j < trees; j++) loaded(t[j], (size_t)1 << bits[j], registers, table[j]);
    for (size_t r = 0; r < EK_TREE_ROWS; r += 16) {
        __m512 total = _mm512_loadu_ps(sum + r);
        for (int j = 0; j < trees; j++) total = _mm512_add_ps(total, _mm512_castsi512_ps(chosen(table[j], registers, sixteen(codes[j] + r))));
        _mm512_storeu_ps(sum + r, total);
    }
}

EK_512 static inline __attribute__((always_inline)) void lookup_f32_512(const float *const *t, const uint32_t *bits, uint8_t (*codes)[EK_TREE_ROWS],
                                                                       size_t count, float *sum) {
    for (size_t i = 0; i < count;) {
        if (i + 4 <= count && bits[i] <= 6 && bits[i + 1] <= 6 && bits[i + 2] <= 6 && bits[i + 3] <= 6) {
            add_some_f32(t + i, bits + i, codes + i, 4, 4, sum);
            i += 4;
            continue;
        }
        if (bits[i] <= 6) add_some_f32(t + i, bits + i, codes + i, 1, 4, sum);
        else if (bits[i] == 7) add_some_f32(t + i, bits + i, codes + i, 1, 8, sum);
        else add_some_f32(t + i, bits + i, codes + i, 1, 16, sum);
        i++;
    }
}

/// As for 32 bits, with the lower and the upper halves of the numbers in tables of their own.
EK_512 static inline __attribute__((always_inline)) void add_one_f64(const double *t, uint32_t bits, const uint8_t *codes, int registers, double *sum) {
    const __m512i evens = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    const __m512i first = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    __m512i lower[8], upper[8], words[16];
    loaded(t, (size_t)2 << bits, 2 * registers, words);
    for (int k = 0; k < registers; k++) {
        lower[k] = _mm512_permutex2var_epi32(words[2 * k], evens, words[2 * k + 1]);
        upper[k] = _mm512_permutex2var_epi32(words[2 * k], odds, words[2 * k + 1]);
    }
    for (size_t r = 0; r < EK_TREE_ROWS; r += 16) {
        __m512i code = sixteen(codes + r), low = chosen(lower, registers, code), high = chosen(upper, registers, code);
        __m512d a = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, first, high));
        __m512d b = _mm512_castsi512_pd(_mm512_permutex2var_epi32(low, second, high));
        _mm512_storeu_pd(sum + r, _mm512_add_pd(_mm512_loadu_pd(sum + r), a));
        _mm512_storeu_pd(sum + r + 8, _mm512_add_pd(_mm512_loadu_pd(sum + r + 8), b));
    }
}

EK_512 static inline __attribute__((always_inline)) void lookup_f64_512(const double *const *t, const uint32_t *bits, uint8_t (*codes)[EK_TREE_ROWS],
                                                                       size_t count, double *sum) {
    for (size_t i = 0; i < count; i++) {
        if (bits[i] <= 6) add_one_f64(t[i], bits[i], codes[i], 4, sum);
        else if (bits[i] == 7) add_one_f64(t[i], bits[i], codes[i], 8, sum);
        else lookup_f64(t + i, bits + i, codes + i, 1, sum);
    }
}

/// The whole heap is in registers: each level is a table that the place so far chooses from.
EK_512 static void heap_ranks_512(const float *heap, const float *block, uint16_t *rank) {
    __m512i t[EK_TREE_HEAP / 16];
    loaded(heap, EK_TREE_HEAP, EK_TREE_HEAP / 16, t);
    for (size_t from = 0; from < EK_TREE_ROWS; from += 16) {
        __m512 x = _mm512_loadu_ps(block + from);
        __m512i at = _mm512_set1_epi32(1);
#define EK_DOWN(CUT) \
    at = _mm512_mask_add_epi32(_mm512_add_epi32(at, at), _mm512_cmp_ps_mask(_mm512_castsi512_ps(CUT), x, _CMP_LT_OQ), _mm512_add_epi32(at, at), \
                               _mm512_set1_epi32(1));
        for (int level = 0; level < 4; level++) EK_DOWN(_mm512_permutexvar_epi32(at, t[0]))
        EK_DOWN(_mm512_permutexvar_epi32(at, t[1]))
        EK_DOWN(_mm512_permutex2var_epi32(t[2], at, t[3]))
        EK_DOWN(chosen4(t + 4, at))
        EK_DOWN(chosen8(t + 8, at))
#undef EK_DOWN
        at = _mm512_sub_epi32(at, _mm512_set1_epi32(EK_TREE_HEAP));
        _mm256_storeu_si256((__m256i *)(rank + from), _mm512_cvtepi32_epi16(at));
    }
}

EK_ADD(add_f32_512, lookup_f32_512, float, EK_512)
EK_ADD(add_f64_512, lookup_f64_512, double, EK_512)
#endif

void ek_tree_heap_ranks(const float *heap, size_t at, const float *block, uint16_t *rank) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return heap_ranks_512(heap + at, block, rank);
#endif
    heap_ranks(heap + at, block, rank);
}

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
