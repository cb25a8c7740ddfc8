// Rows without quotes, in two passes over a window that stays in the first-level cache: where the fields end, 32 bytes at a time;
// then every field with both its ends known, so that fields do not wait for one another.
#include <math.h>
#include <string.h>

#include "csv_rows.h"
#include "number.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "scaled.h"

#define EK_WIDE __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

enum { EK_WINDOW = 16384 };

/// 32 zeros and 32 ones: from byte n on, 32 bytes of which the last n are ones.
static const uint8_t last_bytes[64] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};

int ek_csv_has_wide(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

/// Places of commas and line ends among `count` bytes (rounded up to 64) in `ends`, of line ends alone in `lines`, up to the first
/// quote, whose place or SIZE_MAX is stored in `*quote`. Returns the number of `ends`.
EK_WIDE static size_t field_ends(const uint8_t *bytes, size_t count, uint32_t *ends, uint32_t *lines, size_t *line_count, size_t *quote) {
    // By the low half of a byte: the one special byte with that half.
    const __m256i special = _mm256_setr_epi8(-1, -1, '"', -1, -1, -1, -1, -1, -1, -1, '\n', -1, ',', '\r', -1, -1, -1, -1, '"', -1, -1, -1,
                                             -1, -1, -1, -1, '\n', -1, ',', '\r', -1, -1);
    const __m256i comma = _mm256_set1_epi8(','), mark = _mm256_set1_epi8('"');
    size_t n = 0, l = 0;
    *quote = SIZE_MAX;
    for (size_t i = 0; i < count; i += 64) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(bytes + i)), b = _mm256_loadu_si256((const __m256i *)(bytes + i + 32));
        uint64_t hits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, _mm256_shuffle_epi8(special, a))) |
                        (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(special, b))) << 32;
        uint64_t commas = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, comma)) |
                          (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, comma)) << 32;
        uint64_t rest = hits ^ commas;
        if (rest) {
            uint64_t quotes = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, mark)) |
                              (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, mark)) << 32;
            if (quotes) {
                *quote = i + _tzcnt_u64(quotes);
                hits &= _blsmsk_u64(quotes) >> 1;
                rest &= hits;
                count = 0;
            }
            for (; rest; rest = _blsr_u64(rest)) lines[l++] = (uint32_t)(i + _tzcnt_u64(rest));
        }
        size_t found = (size_t)_mm_popcnt_u64(hits);
        // Six at once, of which those beyond `found` are overwritten later; more are rare.
        for (size_t k = 0; k < 6; k++) {
            ends[n + k] = (uint32_t)(i + _tzcnt_u64(hits));
            hits = _blsr_u64(hits);
        }
        for (size_t k = 6; k < found; k++) {
            ends[n + k] = (uint32_t)(i + _tzcnt_u64(hits));
            hits = _blsr_u64(hits);
        }
        n += found;
    }
    *line_count = l;
    return n;
}

/// The number of a field that is digits with at most one point; 0 for anything else.
EK_WIDE static inline int plain_number(const uint8_t *start, const uint8_t *end, double *value, unsigned *uneven) {
    unsigned minus = *start == '-';
    const uint8_t *first = start + minus;
    uint32_t count = (uint32_t)(end - first);
    if (count - 1 >= 25) return 0;
    // The 32 bytes before the end, and the same one place earlier: what stands before the point moves up into the point's place.
    const __m256i zero = _mm256_set1_epi8('0'), ten = _mm256_set1_epi8(10);
    __m256i late = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(end - 32)), zero);
    __m256i early = _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(end - 33)), zero);
    uint32_t others = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(late, ten), late)) >> (32 - count);
    uint32_t places = 0, digits = count;
    __m256i d = late;
    if (others) {
        uint32_t point = _tzcnt_u32(others);
        if (_blsr_u32(others) || first[point] != '.') return 0;
        places = count - point - 1;
        if (--digits == 0) return 0;
        d = _mm256_blendv_epi8(early, late, _mm256_loadu_si256((const __m256i *)(last_bytes + places)));
    }
    d = _mm256_and_si256(d, _mm256_loadu_si256((const __m256i *)(last_bytes + digits)));
    __m256i pairs = _mm256_maddubs_epi16(d, _mm256_set1_epi16(0x010A));
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00010064));
    __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x00012710));
    uint64_t upper = (uint64_t)_mm256_extract_epi64(eights, 0), lower = (uint64_t)_mm256_extract_epi64(eights, 2);
    uint64_t top = upper >> 32;
    if (top > 1843) return 0;  // beyond 64 bits
    uint64_t m = top * 10000000000000000u + (lower & 0xFFFFFFFF) * 100000000u + (lower >> 32);
    uint64_t bits = 0;
    if (places == 0 && m >> 53 == 0) {
        *uneven |= others || digits > 15 || (*first == '0' && (digits > 1 || minus));
        double x = (double)m;
        memcpy(&bits, &x, 8);
    } else {
        *uneven = 1;
        if (m != 0) {
            int exponent;  // in range: 1 <= m < 2^64 and 0 <= places <= 25
            bits = ek_scaled_bits(m, -(int)places, &exponent);
            bits |= (uint64_t)exponent << 52;
        }
    }
    bits |= (uint64_t)minus << 63;
    memcpy(value, &bits, 8);
    return 1;
}

/// The column's numbers of `rows` rows; stops at the first field that is neither a number nor missing. Returns how many are read.
EK_WIDE static size_t number_column(ek_csv *csv, uint32_t c, const uint8_t *window, const uint32_t *ends, const uint32_t *bases, size_t rows) {
    double *out = csv->numbers[c] + csv->rows;
    unsigned uneven = 0;
    size_t r = 0;
    for (; r < rows; r++) {
        const uint32_t *place = ends + bases[r] + c;
        const uint8_t *field = window + (uint32_t)(place[-1] + 1), *end = window + place[0];
        size_t count = (size_t)(end - field);
        if (__builtin_expect(plain_number(field, end, &out[r], &uneven), 1)) {
            if (__builtin_expect(csv->word_numeric, 0) && ek_csv_is_missing(csv, field, count)) out[r] = NAN;
            continue;
        }
        if (ek_csv_is_missing(csv, field, count)) {
            out[r] = NAN;
            continue;
        }
        int form;
        uneven = 1;
        if (ek_number_prefix(field, &out[r], &form) != end && !ek_number(field, count, &out[r])) break;
    }
    csv->uneven[c] |= (uint8_t)uneven;
    return r;
}

EK_WIDE static size_t text_column(ek_csv *csv, uint32_t c, const uint8_t *window, const uint32_t *ends, const uint32_t *bases, size_t rows) {
    int32_t *out = (int32_t *)csv->numbers[c] + csv->rows;
    for (size_t r = 0; r < rows; r++) {
        const uint32_t *place = ends + bases[r] + c;
        const uint8_t *field = window + (uint32_t)(place[-1] + 1);
        size_t count = (size_t)(window + place[0] - field);
        out[r] = -1;
        if (ek_csv_is_missing(csv, field, count)) continue;
        // No text, or memory is out: the reader of single rows meets the same and says so.
        if ((out[r] = ek_levels_code(&csv->levels[c], field, count)) < 0) return r;
    }
    return rows;
}

EK_WIDE int ek_csv_read_plain(ek_csv *csv, const uint8_t *bytes, size_t count, size_t limit) {
    uint32_t places[EK_WINDOW + 80], lines[EK_WINDOW + 80], bases[EK_WINDOW], offsets[EK_WINDOW];
    uint32_t *ends = places + 1;
    places[0] = UINT32_MAX;  // the field before the first one ends before the window
    const uint32_t columns = csv->columns;
    while (csv->at < limit) {
        const uint8_t *window = bytes + csv->at;
        size_t left = count - csv->at, size = left < EK_WINDOW ? left : EK_WINDOW, quote, line_count;
        size_t n = field_ends(window, size, ends, lines, &line_count, &quote);
        // The line feed after the last byte is no line's end, and a carriage return needs its neighbour.
        while (line_count > 0 && lines[line_count - 1] + 1 >= size) line_count--;
        // Which rows are there: those whose number of fields is right and whose end is seen.
        size_t stop = limit - csv->at, start = 0, next = 0, rows = 0, line = 0;
        for (size_t l = 0; l < line_count && start < stop && csv->rows + rows < csv->rows_max;) {
            int crlf = window[lines[l]] == '\r' && window[lines[l] + 1] == '\n';
            if (lines[l] == start && columns > 1) {  // an empty line
                next += 1 + (size_t)crlf;
            } else {
                if (next + columns > n || ends[next + columns - 1] != lines[l]) break;
                offsets[rows] = (uint32_t)line;
                bases[rows++] = (uint32_t)next;
                next += columns + (size_t)crlf;
            }
            start = (size_t)lines[l] + 1 + (size_t)crlf;
            l += 1 + (size_t)crlf;
            line++;
        }
        size_t seen = rows;
        for (uint32_t c = 0; c < columns && rows > 0; c++) {
            if (csv->kinds[c] == EK_CSV_NUMBER) rows = number_column(csv, c, window, ends, bases, rows);
            if (csv->kinds[c] == EK_CSV_TEXT) rows = text_column(csv, c, window, ends, bases, rows);
        }
        if (rows < seen) {
            start = (uint32_t)(ends[(int64_t)bases[rows] - 1] + 1);
            line = offsets[rows];
        }
        for (size_t r = 0; r < rows; r++) {
            size_t own = csv->line + offsets[r];
            if (own != csv->line_next && !ek_csv_note_line(csv, csv->rows + r, own)) return 0;
            csv->line_next = own + 1;
        }
        csv->rows += rows;
        csv->line += line;
        csv->at += start;
        // A quote, a row that is not plain or longer than the window, or the end.
        if (rows < seen || start == 0 || quote != SIZE_MAX || size == left || csv->rows == csv->rows_max) break;
    }
    return 1;
}

#else

int ek_csv_has_wide(void) { return 0; }
int ek_csv_read_plain(ek_csv *csv, const uint8_t *bytes, size_t count, size_t limit) {
    (void)csv, (void)bytes, (void)count, (void)limit;
    return 1;
}

#endif
