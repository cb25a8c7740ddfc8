#pragma once
#include "csv.h"

/// 1 when this machine can run `ek_csv_read_plain`.
int ek_csv_has_wide(void);
/// Reads rows as `ek_csv_read` does while they are plain: no quotes, as many fields as columns, numbers in columns of numbers.
/// Stops before the first that is not, or that may go on past the end. 0 when memory is out.
int ek_csv_read_plain(ek_csv *csv, const uint8_t *bytes, size_t count, size_t limit);

int ek_csv_is_missing(const ek_csv *csv, const uint8_t *text, size_t count);
/// Notes that a row does not follow the row before it line on line. 0 when memory is out.
int ek_csv_note_line(ek_csv *csv, size_t row, size_t line);
