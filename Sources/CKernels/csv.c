#include "csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "number.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

ek_csv *ek_csv_new(uint32_t columns, size_t rows_max, uint64_t seed) {
    ek_csv *csv = calloc(1, sizeof *csv);
    if (!csv) return NULL;
    csv->columns = columns;
    csv->rows_max = rows_max;
    csv->kinds = calloc(columns, 1);
    csv->uneven = calloc(columns, 1);
    csv->numbers = calloc(columns, sizeof *csv->numbers);
    csv->levels = calloc(columns, sizeof *csv->levels);
    int whole = csv->kinds && csv->uneven && csv->numbers && csv->levels;
    for (uint32_t c = 0; whole && c < columns; c++) {
        csv->numbers[c] = malloc(rows_max * sizeof(double));
        whole = csv->numbers[c] && ek_levels_init(&csv->levels[c], seed);
    }
    csv->wide = ek_csv_has_wide();
    if (whole) return csv;
    ek_csv_free(csv);
    return NULL;
}

void ek_csv_free(ek_csv *csv) {
    if (!csv) return;
    for (uint32_t c = 0; c < csv->columns; c++) {
        if (csv->numbers) free(csv->numbers[c]);
        if (csv->levels) ek_levels_free(&csv->levels[c]);
    }
    free(csv->kinds);
    free(csv->uneven);
    free(csv->numbers);
    free(csv->levels);
    free(csv->words);
    free(csv->word_ends);
    free(csv->jumps);
    free(csv->text);
    free(csv);
}

int ek_csv_add_missing(ek_csv *csv, const uint8_t *word, size_t count) {
    if (count == 0) return 1;
    size_t start = csv->word_count ? csv->word_ends[csv->word_count - 1] : 0;
    uint8_t *words = realloc(csv->words, start + count);
    if (!words) return 0;
    csv->words = words;
    size_t *ends = realloc(csv->word_ends, (csv->word_count + 1) * sizeof *ends);
    if (!ends) return 0;
    csv->word_ends = ends;
    memcpy(words + start, word, count);
    ends[csv->word_count++] = start + count;
    csv->word_starts[word[0]] = 1;
    double value;
    if (ek_number(word, count, &value)) csv->word_numeric = 1;
    if (count > csv->word_length_max) csv->word_length_max = count;
    return 1;
}

void ek_csv_clear(ek_csv *csv) {
    csv->rows = csv->at = csv->line = csv->line_next = csv->jump_count = 0;
    memset(csv->uneven, 0, csv->columns);
    for (uint32_t c = 0; c < csv->columns; c++) ek_levels_clear(&csv->levels[c]);
}

static inline int is_end(uint8_t c) { return c == ',' || c == '\n' || c == '\r'; }

/// The first comma or line end at or after `p`; there is one.
static inline const uint8_t *field_end(const uint8_t *p) {
#if defined(__SSE2__)
    const __m128i comma = _mm_set1_epi8(','), feed = _mm_set1_epi8('\n'), back = _mm_set1_epi8('\r');
    for (;; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)p);
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, comma), _mm_cmpeq_epi8(x, feed)), _mm_cmpeq_epi8(x, back));
        int mask = _mm_movemask_epi8(hit);
        if (mask) return p + __builtin_ctz((unsigned)mask);
    }
#else
    while (!is_end(*p)) p++;
    return p;
#endif
}

int ek_csv_is_missing(const ek_csv *csv, const uint8_t *p, size_t count) {
    if (count == 0) return 1;
    if (!csv->word_starts[*p] || count > csv->word_length_max) return 0;
    size_t start = 0;
    for (uint32_t i = 0; i < csv->word_count; start = csv->word_ends[i++])
        if (csv->word_ends[i] - start == count && memcmp(csv->words + start, p, count) == 0) return 1;
    return 0;
}

/// A quoted field from its opening quote on: its text (in `csv->text` when quotes in it were doubled) and the place after the
/// closing quote. EK_CSV_LIMIT when it is whole.
static int quoted(ek_csv *csv, const uint8_t *p, const uint8_t *end, int is_last, const uint8_t **text, size_t *count, const uint8_t **next) {
    const uint8_t *from = p + 1;
    size_t held = 0;
    for (;;) {
        const uint8_t *close = memchr(from, '"', (size_t)(end - from));
        if (!close) return is_last ? EK_CSV_BAD : EK_CSV_MORE;
        if (close + 1 == end && !is_last) return EK_CSV_MORE;
        int doubled = close + 1 < end && close[1] == '"';
        if (!doubled && close + 1 < end && !is_end(close[1])) return EK_CSV_BAD;
        if (!doubled && held == 0) {
            *text = from;
            *count = (size_t)(close - from);
            *next = close + 1;
            return EK_CSV_LIMIT;
        }
        size_t part = (size_t)(close - from) + (doubled ? 1 : 0);
        if (csv->text_capacity < held + part + 32) {
            size_t capacity = 2 * (held + part) + 64;
            uint8_t *room = realloc(csv->text, capacity);
            if (!room) return EK_CSV_MEMORY;
            csv->text = room;
            csv->text_capacity = capacity;
        }
        memcpy(csv->text + held, from, part);
        held += part;
        if (!doubled) {
            memset(csv->text + held, 0, 16);
            *text = csv->text;
            *count = held;
            *next = close + 1;
            return EK_CSV_LIMIT;
        }
        from = close + 2;
    }
}

static inline size_t feeds(const uint8_t *p, const uint8_t *end) {
    size_t count = 0;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) count++, p++;
    return count;
}

int ek_csv_note_line(ek_csv *csv, size_t row, size_t line) {
    if (csv->jump_count == csv->jump_capacity) {
        size_t capacity = csv->jump_capacity ? csv->jump_capacity * 2 : 64;
        ek_csv_jump *jumps = realloc(csv->jumps, capacity * sizeof *jumps);
        if (!jumps) return 0;
        csv->jumps = jumps;
        csv->jump_capacity = capacity;
    }
    csv->jumps[csv->jump_count++] = (ek_csv_jump){row, line};
    return 1;
}

/// The cell of a field that is no plain number or stands in a column of texts. `*at` is its start, then the place after it.
static int cell(ek_csv *csv, uint32_t c, size_t row, const uint8_t **at, const uint8_t *end, int is_last, size_t *line) {
    const uint8_t *text = *at, *next;
    size_t count;
    int is_quoted = *text == '"' && text < end;
    if (is_quoted) {
        int stop = quoted(csv, *at, end, is_last, &text, &count, &next);
        if (stop != EK_CSV_LIMIT) return stop;
        *line += feeds(*at, next);
    } else {
        next = field_end(text);
        count = (size_t)(next - text);
    }
    *at = next;
    uint8_t kind = csv->kinds[c];
    if (kind == EK_CSV_SKIP) return EK_CSV_LIMIT;
    // Writers that quote every field write a missing number as "".
    int missing = is_quoted ? count == 0 && kind == EK_CSV_NUMBER : ek_csv_is_missing(csv, text, count);
    if (kind == EK_CSV_NUMBER) {
        double value = NAN;
        if (!missing) {
            if (!ek_number(text, count, &value)) {
                csv->column = c;
                return next == end && !is_last ? EK_CSV_MORE : EK_CSV_TURNED;
            }
            csv->uneven[c] = 1;
        }
        csv->numbers[c][row] = value;
        return EK_CSV_LIMIT;
    }
    int32_t code = -1;
    if (!missing) {
        // A field cut off by the end of the bytes is no level.
        if (next == end && !is_last) return EK_CSV_MORE;
        code = ek_levels_code(&csv->levels[c], text, count);
        if (code < 0) return code == EK_NO_TEXT ? EK_CSV_BAD : EK_CSV_MEMORY;
    }
    ((int32_t *)csv->numbers[c])[row] = code;
    return EK_CSV_LIMIT;
}

/// One row, or a run of empty lines, whatever is in it.
static int read_row(ek_csv *csv, const uint8_t *bytes, const uint8_t *end, const uint8_t *stop, int is_last) {
    const uint8_t *p = bytes + csv->at;
    const uint32_t columns = csv->columns;
    const size_t row = csv->rows;
    size_t line = csv->line;
    while (columns > 1 && p < stop && (*p == '\n' || *p == '\r')) {
        if (*p == '\r' && p + 1 == end && !is_last) return EK_CSV_MORE;
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
        csv->at = (size_t)(p - bytes);
        csv->line = ++line;
    }
    if (p >= stop) return EK_CSV_LIMIT;
    if (row == csv->rows_max) return EK_CSV_FULL;
    for (uint32_t c = 0; c < columns; c++) {
        int form;
        double value;
        const uint8_t *next = csv->kinds[c] == EK_CSV_NUMBER ? ek_number_prefix(p, &value, &form) : NULL;
        if (next && is_end(*next) && !(csv->word_numeric && ek_csv_is_missing(csv, p, (size_t)(next - p)))) {
            csv->numbers[c][row] = value;
            csv->uneven[c] |= (uint8_t)(form ^ EK_PLAIN_INTEGER);
            p = next;
        } else {
            int why = cell(csv, c, row, &p, end, is_last, &line);
            if (why != EK_CSV_LIMIT) return why;
        }
        if (p == end && !is_last) return EK_CSV_MORE;
        if (c + 1 == columns) break;
        if (p == end || *p != ',') return EK_CSV_BAD;
        p++;
    }
    if (p < end) {
        if (*p == ',') return EK_CSV_BAD;
        if (*p == '\r' && p + 1 == end && !is_last) return EK_CSV_MORE;
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    }
    if (csv->line != csv->line_next && !ek_csv_note_line(csv, row, csv->line)) return EK_CSV_MEMORY;
    csv->line_next = csv->line + 1;
    csv->line = line + 1;
    csv->rows = row + 1;
    csv->at = (size_t)(p - bytes);
    return EK_CSV_LIMIT;
}

int ek_csv_read(ek_csv *csv, const uint8_t *bytes, size_t count, size_t limit, int is_last) {
    const uint8_t *end = bytes + count;
    if (limit > count) limit = count;
    while (csv->at < limit) {
        // Plain rows by the wide kernel; the one where it stops row by row.
        if (csv->wide && !ek_csv_read_plain(csv, bytes, count, limit)) return EK_CSV_MEMORY;
        if (csv->at >= limit) break;
        int why = read_row(csv, bytes, end, bytes + limit, is_last);
        if (why != EK_CSV_LIMIT) return why;
    }
    return EK_CSV_LIMIT;
}

size_t ek_csv_next_line(const uint8_t *bytes, size_t count, size_t from) {
    for (size_t i = from; i < count; i++) {
        if (bytes[i] == '\n') return i + 1;
        if (bytes[i] == '\r') return i + 1 < count && bytes[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return count;
}
