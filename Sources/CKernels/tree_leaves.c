#include "tree_planes.h"

#include <string.h>

// Trees by bits, second half: a tree is a fixed list of bitwise selections that ends in the bits of each row's leaf code. No branch depends on the
// data.

typedef uint8_t ek_bytes __attribute__((vector_size(EK_TREE_PLANE), may_alias));

enum { EK_BATCH = 8, EK_CODE_BITS = 8 };

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

EK_512 static inline __attribute__((always_inline)) __m512i chosen(const __m512i *t, int registers, __m512i code) {
    if (registers == 4) return chosen4(t, code);
    if (registers == 8) return chosen8(t, code);
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(128)), chosen8(t, code), chosen8(t + 8, code));
}

/// Sixteen codes as 32-bit numbers.
EK_512 static inline __attribute__((always_inline)) __m512i sixteen(const uint8_t *codes) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
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
