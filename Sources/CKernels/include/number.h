#pragma once
#include <stddef.h>
#include <stdint.h>

/// What is said of a number's text: a decimal integer of at most 15 digits, as a computer would write it (no sign but a minus,
/// no leading zero, not -0), so that the text can be made from the number again.
#define EK_PLAIN_INTEGER 1

/// Reads the decimal number that begins at `p`: [-]digits[.digits][e[+-]digits], rounded to the nearest double, ties to even.
/// The caller makes sure that 24 bytes after the text's end can be read and that a byte that belongs to no number ends it.
/// Returns where it ends, or NULL when the text is none or is one of the rare ones that `ek_number` must see.
const uint8_t *ek_number_prefix(const uint8_t *p, double *value, int *form);

/// The number that these bytes are as a whole: decimal, or inf, infinity with a sign, in any case. 1 if they are one, else 0.
int ek_number(const uint8_t *p, size_t count, double *value);
/// Numbers between commas (and blanks), as a list of JSON has them: at most `room` of them to `out`, as long as each is followed by a comma or by
/// the bracket that ends the list. `*next` is where the next element begins, or what comes after the bracket, and then `*is_end` is 1.
/// At `end` there is a comma or a bracket, and 24 bytes after it can be read.
size_t ek_number_list(const uint8_t *p, const uint8_t *end, double *out, size_t room, const uint8_t **next, int *is_end);
