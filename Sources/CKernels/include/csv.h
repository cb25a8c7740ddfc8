#pragma once
#include <stddef.h>
#include <stdint.h>

#include "levels.h"

/// What a column is read as.
enum { EK_CSV_SKIP = 0, EK_CSV_NUMBER = 1, EK_CSV_TEXT = 2 };

/// Why the reader of rows stopped.
enum {
    EK_CSV_LIMIT = 0,   // every row that starts before the limit is read
    EK_CSV_MORE = 1,    // a row goes on past the end of the bytes
    EK_CSV_BAD = 2,     // the row at `at` is malformed
    EK_CSV_TURNED = 3,  // the row at `at` has a text in `column`, which is read as numbers
    EK_CSV_FULL = 4,    // rows_max is reached
    EK_CSV_MEMORY = 5,  // memory is out
};

/// A row that does not stand on the line after the row before it.
typedef struct {
    size_t row;
    size_t line;
} ek_csv_jump;

/// Rows of a CSV file as columns: numbers as doubles (NaN is missing), texts as codes of `levels` (-1 is missing).
typedef struct {
    uint32_t columns;
    size_t rows_max;
    uint8_t *kinds;     // one a column
    uint8_t *uneven;    // 1 where a column of numbers has one that is not EK_PLAIN_INTEGER
    double **numbers;   // one array of rows_max a column; a column of texts holds int32_t in it
    ek_levels *levels;  // one a column
    // Words that mean missing.
    uint8_t *words;
    size_t *word_ends;
    uint32_t word_count;
    size_t word_length_max;
    uint8_t word_starts[256];
    uint8_t word_numeric;  // one of them is a number: then numbers are looked up too
    // Results of the last run.
    size_t rows;
    size_t at;        // where the next row starts
    size_t line;      // lines passed since the start
    size_t line_next; // where the next row stands if no line is empty and no field has two
    uint32_t column;  // for EK_CSV_TURNED
    ek_csv_jump *jumps;
    size_t jump_count;
    size_t jump_capacity;
    int wide;  // 1 when the machine has the wide kernel; 0 reads row by row
    // Room for quoted text with quotes in it.
    uint8_t *text;
    size_t text_capacity;
} ek_csv;

ek_csv *ek_csv_new(uint32_t columns, size_t rows_max, uint64_t seed);
void ek_csv_free(ek_csv *csv);
/// 0 when memory is out.
int ek_csv_add_missing(ek_csv *csv, const uint8_t *word, size_t count);
/// Forgets rows, levels and lines, keeps kinds, words and memory.
void ek_csv_clear(ek_csv *csv);
/// Reads rows from `csv->at` on while they start before `limit`; they are added to those that are there.
/// `bytes[count]` must be a line feed; 64 bytes before `bytes` and 64 after that line feed must be readable; `is_last` says that the file ends at `count`.
int ek_csv_read(ek_csv *csv, const uint8_t *bytes, size_t count, size_t limit, int is_last);
/// The place after the first line end at or after `from`, `count` if there is none.
size_t ek_csv_next_line(const uint8_t *bytes, size_t count, size_t from);
