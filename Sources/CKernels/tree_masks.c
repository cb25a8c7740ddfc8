#include "tree_planes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

// Trees by bits, first half: one plane of 512 bits for every distinct test, shared by all trees.

typedef uint64_t ek_word64 __attribute__((may_alias));
typedef uint32_t ek_word32 __attribute__((may_alias));

enum { EK_STEP = 32 };

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

#if defined(__x86_64__)
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
#endif

void ek_tree_heap_ranks(const float *heap, size_t at, const float *block, uint16_t *rank) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return heap_ranks_512(heap + at, block, rank);
#endif
    heap_ranks(heap + at, block, rank);
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
