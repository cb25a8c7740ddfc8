#pragma once

#include "CKernels.h"
#include "clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// What the masks and the leaves of trees by bits share.

typedef uint64_t ek_plane __attribute__((vector_size(EK_TREE_PLANE), may_alias));

/// The first cache line of a buffer; callers reserve a line for it.
static inline uint8_t *aligned(uint64_t *planes) { return (uint8_t *)(((uintptr_t)planes + EK_TREE_PLANE - 1) & ~(uintptr_t)(EK_TREE_PLANE - 1)); }

#if defined(__x86_64__)
#define EK_512 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))

/// The 32-bit words that codes choose from a table in 4, 8 or 16 registers.
EK_512 static inline __attribute__((always_inline)) __m512i chosen4(const __m512i *t, __m512i code) {
    __m512i lower = _mm512_permutex2var_epi32(t[0], code, t[1]), upper = _mm512_permutex2var_epi32(t[2], code, t[3]);
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(32)), lower, upper);
}

EK_512 static inline __attribute__((always_inline)) __m512i chosen8(const __m512i *t, __m512i code) {
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(code, _mm512_set1_epi32(64)), chosen4(t, code), chosen4(t + 4, code));
}

/// A table of `count` 32-bit words; what is beyond its end is never chosen.
EK_512 static inline __attribute__((always_inline)) void loaded(const void *table, size_t count, int registers, __m512i *t) {
    for (size_t k = 0; k < (size_t)registers; k++) {
        __mmask16 there = count >= (k + 1) * 16 ? 0xFFFF : count <= k * 16 ? 0 : (__mmask16)((1u << (count - k * 16)) - 1);
        t[k] = _mm512_maskz_loadu_epi32(there, (const uint32_t *)table + k * 16);
    }
}
#endif
