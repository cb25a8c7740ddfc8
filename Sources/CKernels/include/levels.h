#pragma once
#include <stddef.h>
#include <stdint.h>

/// Distinct texts in the order of their first appearance; the place in that order is a text's code.
typedef struct {
    uint64_t seed;
    uint32_t count;
    uint32_t slot_count;  // a power of two
    uint64_t *slots;      // 0, or the upper half of the hash over the code + 1
    uint8_t *bytes;       // all texts, one after the other
    size_t bytes_capacity;
    size_t *ends;  // text i is bytes[ends[i - 1] ..< ends[i]]
    size_t ends_capacity;
} ek_levels;

/// 0 when memory is out.
int ek_levels_init(ek_levels *levels, uint64_t seed);
void ek_levels_free(ek_levels *levels);
/// Forgets all texts and keeps the memory.
void ek_levels_clear(ek_levels *levels);
enum { EK_NO_TEXT = -2, EK_NO_MEMORY = -3 };

/// The code of a text, added if it is new; EK_NO_TEXT when it is new and no text, EK_NO_MEMORY when memory is out or there are 2^30
/// texts. 16 bytes after the text must be readable.
int32_t ek_levels_code(ek_levels *levels, const uint8_t *text, size_t count);
/// Codes of `from` as codes of `to`, which learns the texts in the order of their use; `map` holds -1 for every code of `from`, and
/// afterwards the common code of those in use. 0 when memory is out.
int ek_levels_translate(const ek_levels *from, const int32_t *codes, size_t count, int32_t *map, ek_levels *to, int32_t *out);
/// 1 for valid UTF-8 without a zero byte.
int ek_is_text(const uint8_t *text, size_t count);
