#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scaled.h"

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t whole_powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/// Eight bytes, the first one lowest.
static inline uint64_t load8(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/// How many of eight bytes (less '0') are digits before the first that is none.
static inline unsigned digit_run(uint64_t y) {
    uint64_t other = ((y + 0x7676767676767676u) | y) & 0x8080808080808080u;
    return other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
}

/// The number that eight digits (bytes 0 to 9, the first one lowest) spell.
static inline uint64_t eight_digits(uint64_t y) {
    y = y * 10 + (y >> 8);
    return (uint32_t)(((y & 0x000000FF000000FFu) * 0x000F424000000064u + ((y >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32);
}

/// Adds the digits at `p` to `*m`; counts them. NULL when 64 bits are too few.
static inline const uint8_t *digits(const uint8_t *p, uint64_t *m, unsigned *count) {
    for (;;) {
        uint64_t y = load8(p) ^ 0x3030303030303030u;
        unsigned n = digit_run(y);
        uint64_t block = eight_digits((y << 8) << ((56 - 8 * n) & 63));
        if (n == 8) block = eight_digits(y);
        if (n == 0) return p;
        if (__builtin_mul_overflow(*m, whole_powers[n], m) || __builtin_add_overflow(*m, block, m)) return NULL;
        p += n;
        *count += n;
        if (n < 8) return p;
    }
}

const uint8_t *ek_number_prefix(const uint8_t *p, double *value, int *form) {
    uint64_t m = 0;
    unsigned count = 0, fraction = 0;
    unsigned minus = *p == '-';
    p += minus;
    const uint8_t *start = p;
    p = digits(p, &m, &count);
    if (!p) return NULL;
    *form = count > 0 && count <= 15 && (*start != '0' || (count == 1 && !minus)) ? EK_PLAIN_INTEGER : 0;
    int e = 0;
    if (*p == '.') {
        *form = 0;
        p = digits(p + 1, &m, &fraction);
        if (!p) return NULL;
        e = -(int)fraction;
        if (fraction > 4096) return NULL;
    }
    if (count + fraction == 0) return NULL;
    if ((*p | 0x20) == 'e') {
        *form = 0;
        p++;
        int negative = *p == '-', x = 0, places = 0;
        if (negative || *p == '+') p++;
        for (; *p >= '0' && *p <= '9'; p++, places++) {
            if (places > 4) return NULL;
            x = x * 10 + (*p - '0');
        }
        if (places == 0) return NULL;
        e += negative ? -x : x;
    }
    double x;
    if (m >> 53 == 0 && e >= -22 && e <= 22) {
        x = e < 0 ? (double)m / exact_powers[-e] : (double)m * exact_powers[e];
    } else if (m == 0) {
        x = 0;
    } else if (!ek_scaled(m, e, &x)) {
        return NULL;
    }
    *value = minus ? -x : x;
    return p;
}

static inline const uint8_t *after_blanks(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

size_t ek_number_list(const uint8_t *p, const uint8_t *end, double *out, size_t room, const uint8_t **next, int *is_end) {
    size_t count = 0;
    int form;
    *is_end = 0;
    for (*next = p; count < room; *next = ++p) {
        p = after_blanks(p, end);
        if (p >= end) return count;
        // A number of one digit, of which models have many, needs no more than a look.
        unsigned digit = (unsigned)*p - '0';
        if (digit <= 9 && (p[1] == ',' || p[1] == ']')) {
            out[count] = digit;
            p++;
        } else {
            p = ek_number_prefix(p, out + count, &form);
            if (!p) return count;
            p = after_blanks(p, end);
            if (*p != ',' && *p != ']') return count;
        }
        count++;
        if (*p == ']') {
            *next = p + 1;
            *is_end = 1;
            return count;
        }
    }
    return count;
}

int ek_number(const uint8_t *p, size_t count, double *value) {
    if (count == 0) return 0;
    size_t sign = *p == '-' || *p == '+';
    // The grammar first: the library's own would take hexadecimal numbers, blanks and NaN too.
    size_t at = sign, places = 0;
    while (at < count && p[at] >= '0' && p[at] <= '9') at++, places++;
    if (at < count && p[at] == '.') {
        at++;
        while (at < count && p[at] >= '0' && p[at] <= '9') at++, places++;
    }
    if (places == 0) {
        const char *rest = (const char *)p + sign;
        size_t left = count - sign;
        if (!(left == 3 && strncasecmp(rest, "inf", 3) == 0) && !(left == 8 && strncasecmp(rest, "infinity", 8) == 0)) return 0;
        *value = *p == '-' ? -INFINITY : INFINITY;
        return 1;
    }
    if (at < count && (p[at] | 0x20) == 'e') {
        at++;
        if (at < count && (p[at] == '-' || p[at] == '+')) at++;
        size_t before = at;
        while (at < count && p[at] >= '0' && p[at] <= '9') at++;
        if (at == before) return 0;
    }
    if (at != count) return 0;
    char room[128];
    char *text = count < sizeof room - 32 ? room : malloc(count + 32);
    if (!text) return 0;
    memcpy(text, p, count);
    memset(text + count, 0, 32);
    int form;
    const uint8_t *begin = (const uint8_t *)text + (*p == '+');
    if (ek_number_prefix(begin, value, &form) != (const uint8_t *)text + count) *value = strtod(text, NULL);
    if (text != room) free(text);
    return 1;
}
