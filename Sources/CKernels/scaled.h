#pragma once
#include <stdint.h>
#include <string.h>

#include "powers_of_five.h"

/// The bits of m · 10^e, correctly rounded, by one or two 64-bit products (D. Lemire, Number parsing at a gigabyte per second, 2021;
/// that the 128-bit product always decides: N. Mushtak and D. Lemire, Fast number parsing without fallback, 2023).
/// `m` is not 0, `e` lies in the table; the exponent that belongs above the bits is returned in `*exponent`.
static inline uint64_t ek_scaled_bits(uint64_t m, int e, int *exponent) {
    unsigned zeros = (unsigned)__builtin_clzll(m);
    m <<= zeros;
    const uint64_t *power = ek_powers[e - EK_POWER_MIN];
    unsigned __int128 product = (unsigned __int128)m * power[0];
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if (__builtin_expect((high & 0x1FF) == 0x1FF, 0)) {
        uint64_t rest = (uint64_t)(((unsigned __int128)m * power[1]) >> 64);
        low += rest;
        if (low < rest) high++;
    }
    unsigned upper = (unsigned)(high >> 63);
    unsigned shift = upper + 64 - 52 - 3;
    uint64_t mantissa = high >> shift;
    *exponent = ((217706 * e) >> 16) + 63 + (int)upper - (int)zeros + 1023;
    // A tie can only come from a product without a rest, which these powers alone can give: round it to even.
    if (__builtin_expect(low <= 1, 0) && e >= -4 && e <= 23 && (mantissa & 3) == 1 && (mantissa << shift) == high) mantissa &= ~(uint64_t)1;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // Rounded up to the next power of two, the mantissa's lowest bits are all 0: the exponent takes the carry.
    *exponent += (int)(mantissa >> 53);
    return mantissa & (((uint64_t)1 << 52) - 1);
}

/// m · 10^e; 0 when `e` is outside the table or the result is subnormal or too large.
static inline int ek_scaled(uint64_t m, int e, double *value) {
    if (e < EK_POWER_MIN || e > EK_POWER_MAX) return 0;
    int exponent;
    uint64_t bits = ek_scaled_bits(m, e, &exponent);
    if (exponent <= 0 || exponent >= 2047) return 0;
    bits |= (uint64_t)exponent << 52;
    memcpy(value, &bits, 8);
    return 1;
}
