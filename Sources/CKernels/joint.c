#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define EK_WIDE __attribute__((target("avx2")))
#define EK_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define EK_CLONES
#endif

enum { ROWS = EK_JOINT_ROWS, WAVES = EK_JOINT_WAVES, PAIRS = EK_JOINT_FEATURES / 2 };

EK_CLONES
void ek_joint_quantise(const double *x, const intptr_t *at, size_t n, double center, double inverse, int16_t *out, int16_t *present) {
    double gathered[ROWS];
    if (at) {
        for (size_t r = 0; r < n; r++) gathered[r] = x[at[r]];
        x = gathered;
    }
    // In two loops, each of which a compiler does in registers; missing values go through as a number that none else has.
    enum { MISSING = 1 << 20 };
    int32_t whole[ROWS];
    for (size_t r = 0; r < n; r++) {
        double z = (x[r] - center) * inverse * EK_JOINT_STEP;
        z = z < EK_JOINT_CLIP ? z : EK_JOINT_CLIP;
        z = z > -EK_JOINT_CLIP ? z : -EK_JOINT_CLIP;
        z = x[r] == x[r] ? z : MISSING;
        // Adding 1.5 · 2^52 rounds to a whole number, ties to even.
        whole[r] = (int32_t)((z + 0x1.8p52) - 0x1.8p52);
    }
    for (size_t r = 0; r < n; r++) {
        int16_t isThere = whole[r] == MISSING ? 0 : -1;
        out[r] = (int16_t)whole[r] & isThere;
        present[r] &= isThere;
    }
}

/// Puts rows without all their values to 0, counts clipped values, and writes the others one after the other, 0 behind the last feature.
EK_CLONES
static size_t complete(int16_t *q, size_t n, size_t features, int16_t *present, int16_t *rows, int64_t *sums, int64_t *clipped) {
    size_t width = 2 * ((features + 1) / 2);
    size_t places[ROWS];
    size_t count = 0;
    memset(present + n, 0, (ROWS - n) * sizeof *present);
    for (size_t r = 0; r < n; r++) {
        places[count] = r;
        count += present[r] != 0;
    }
    for (size_t f = 0; f < features; f++) {
        int16_t *column = q + f * ROWS;
        int32_t sum = 0, beyond = 0;
        for (size_t r = 0; r < ROWS; r++) {
            int16_t value = column[r] & present[r];
            column[r] = value;
            sum += value;
            beyond += value == EK_JOINT_CLIP || value == -EK_JOINT_CLIP;
        }
        sums[f] += sum;
        clipped[f] += beyond;
        for (size_t i = 0; i < count; i++) rows[i * width + f] = column[places[i]];
    }
    if (width > features)
        for (size_t i = 0; i < count; i++) rows[i * width + features] = 0;
    return count;
}

// Half-turns u in -1…1: cos(pi u) = sin(pi (1/2 - |u|)), by the polynomial of degree 7 that fits it best, off by 1e-6. Every operation is rounded by itself,
// in this order, whatever the width of the registers.
#define S1 3.14158198f
#define S3 -5.1671413f
#define S5 2.54188707f
#define S7 -0.554608852f

static int32_t cosine(uint32_t phase) {
    float u = (float)(int32_t)phase * 0x1p-31f;
    float y = 0.5f - (u < 0 ? -u : u);
    float s = y * y;
    float p = S7 * s;
    p = (p + S5) * s;
    p = (p + S3) * s;
    p = (p + S1) * y;
    float scaled = p * EK_JOINT_UNIT;
    // Adding 1.5 · 2^23 rounds to a whole number, ties to even.
    float rounded = (scaled + 0x1.8p23f) - 0x1.8p23f;
    return (int32_t)rounded;
}

size_t ek_joint_add_plain(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products,
                          int64_t *waves, int64_t *clipped) {
    int16_t rows[ROWS * 2 * PAIRS];
    size_t count = complete(q, n, features, present, rows, sums, clipped);
    for (size_t i = 0; i < features; i++)
        for (size_t j = 0; j <= i; j++) {
            int64_t sum = 0;
            for (size_t r = 0; r < n; r++) sum += (int32_t)q[i * ROWS + r] * q[j * ROWS + r];
            products[i * (i + 1) / 2 + j] += sum;
        }
    size_t pairs = (features + 1) / 2;
    for (size_t i = 0; i < count; i++)
        for (size_t w = 0; w < WAVES; w++) {
            uint32_t phase = 0;
            for (size_t p = 0; p < pairs; p++) {
                const int16_t *pair = frequencies + (p * WAVES + w) * 2;
                const int16_t *value = rows + (i * pairs + p) * 2;
                phase += (uint32_t)(pair[0] * value[0]) + (uint32_t)(pair[1] * value[1]);
            }
            phase <<= shift;
            waves[w] += cosine(phase);
            waves[WAVES + w] += cosine(phase - (1u << 30));
        }
    return count;
}

#if defined(__x86_64__)

EK_WIDE static inline __m256i cosines(__m256i phase) {
    __m256 u = _mm256_mul_ps(_mm256_cvtepi32_ps(phase), _mm256_set1_ps(0x1p-31f));
    __m256 y = _mm256_sub_ps(_mm256_set1_ps(0.5f), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), u));
    __m256 s = _mm256_mul_ps(y, y);
    __m256 p = _mm256_mul_ps(_mm256_set1_ps(S7), s);
    p = _mm256_mul_ps(_mm256_add_ps(p, _mm256_set1_ps(S5)), s);
    p = _mm256_mul_ps(_mm256_add_ps(p, _mm256_set1_ps(S3)), s);
    p = _mm256_mul_ps(_mm256_add_ps(p, _mm256_set1_ps(S1)), y);
    return _mm256_cvtps_epi32(_mm256_mul_ps(p, _mm256_set1_ps(EK_JOINT_UNIT)));
}

/// Σ a·b over a block: two products of 2^28 fit a 32-bit lane, and so do two such pairs.
EK_WIDE static inline int64_t product(const int16_t *a, const int16_t *b) {
    __m256i sum = _mm256_setzero_si256();
    for (size_t r = 0; r < ROWS; r += 32) {
        __m256i one = _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(a + r)), _mm256_loadu_si256((const __m256i *)(b + r)));
        __m256i two = _mm256_madd_epi16(_mm256_loadu_si256((const __m256i *)(a + r + 16)), _mm256_loadu_si256((const __m256i *)(b + r + 16)));
        __m256i both = _mm256_add_epi32(one, two);
        sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(both)));
        sum = _mm256_add_epi64(sum, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(both, 1)));
    }
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i *)lanes, sum);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

EK_WIDE static size_t add_wide(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products,
                               int64_t *waves, int64_t *clipped) {
    int16_t rows[ROWS * 2 * PAIRS];
    size_t count = complete(q, n, features, present, rows, sums, clipped);
    for (size_t i = 0; i < features; i++)
        for (size_t j = 0; j <= i; j++) products[i * (i + 1) / 2 + j] += product(q + i * ROWS, q + j * ROWS);
    size_t pairs = (features + 1) / 2;
    int32_t totals[2 * WAVES] = {0};  // 256 rows of at most 2^15
    __m128i by = _mm_cvtsi32_si128(shift);
    for (size_t i = 0; i < count; i++)
        for (size_t half = 0; half < WAVES; half += WAVES / 2) {
            __m256i phase[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
            const int16_t *pair = frequencies + half * 2;
            for (size_t p = 0; p < pairs; p++, pair += WAVES * 2) {
                int32_t two;
                memcpy(&two, rows + (i * pairs + p) * 2, sizeof two);
                __m256i value = _mm256_set1_epi32(two);
                for (size_t k = 0; k < 4; k++)
                    phase[k] = _mm256_add_epi32(phase[k], _mm256_madd_epi16(value, _mm256_loadu_si256((const __m256i *)(pair + 16 * k))));
            }
            for (size_t k = 0; k < 4; k++) {
                __m256i turned = _mm256_sll_epi32(phase[k], by);
                __m256i *c = (__m256i *)(totals + half + 8 * k), *s = (__m256i *)(totals + WAVES + half + 8 * k);
                _mm256_storeu_si256(c, _mm256_add_epi32(_mm256_loadu_si256(c), cosines(turned)));
                turned = _mm256_sub_epi32(turned, _mm256_set1_epi32(1 << 30));
                _mm256_storeu_si256(s, _mm256_add_epi32(_mm256_loadu_si256(s), cosines(turned)));
            }
        }
    for (size_t w = 0; w < 2 * WAVES; w++) waves[w] += totals[w];
    return count;
}

size_t ek_joint_add(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products, int64_t *waves,
                    int64_t *clipped) {
    if (__builtin_cpu_supports("avx2")) return add_wide(q, n, features, present, frequencies, shift, sums, products, waves, clipped);
    return ek_joint_add_plain(q, n, features, present, frequencies, shift, sums, products, waves, clipped);
}

#else

size_t ek_joint_add(int16_t *q, size_t n, size_t features, int16_t *present, const int16_t *frequencies, int shift, int64_t *sums, int64_t *products, int64_t *waves,
                    int64_t *clipped) {
    return ek_joint_add_plain(q, n, features, present, frequencies, shift, sums, products, waves, clipped);
}

#endif
