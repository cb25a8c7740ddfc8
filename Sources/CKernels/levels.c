#include "levels.h"

#include <stdlib.h>
#include <string.h>

static inline uint64_t load8(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/// Eight bytes at a time, the last ones masked: the order of codes does not depend on it, so any seed gives the same results.
static inline uint64_t hash(uint64_t seed, const uint8_t *p, size_t count) {
    uint64_t h = seed ^ (count * 0x9E3779B97F4A7C15u);
    while (count > 8) {
        h = mix(h ^ load8(p), 0xD6E8FEB86659FD93u);
        p += 8;
        count -= 8;
    }
    uint64_t last = 0;
    if (count > 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        last = load8(p) & (~(uint64_t)0 >> (64 - 8 * count));
#else
        memcpy(&last, p, count);
#endif
    }
    return mix(h ^ last, 0xA0761D6478BD642Fu);
}

int ek_levels_init(ek_levels *levels, uint64_t seed) {
    memset(levels, 0, sizeof *levels);
    levels->seed = seed;
    levels->slot_count = 64;
    levels->slots = calloc(64, sizeof *levels->slots);
    return levels->slots != NULL;
}

void ek_levels_free(ek_levels *levels) {
    free(levels->slots);
    free(levels->bytes);
    free(levels->ends);
    memset(levels, 0, sizeof *levels);
}

void ek_levels_clear(ek_levels *levels) {
    if (levels->count) memset(levels->slots, 0, levels->slot_count * sizeof *levels->slots);
    levels->count = 0;
}

static int grow_slots(ek_levels *levels) {
    uint32_t wide = levels->slot_count * 2;
    uint64_t *slots = calloc(wide, sizeof *slots);
    if (!slots) return 0;
    size_t start = 0;
    for (uint32_t code = 0; code < levels->count; code++) {
        size_t end = levels->ends[code];
        uint64_t h = hash(levels->seed, levels->bytes + start, end - start);
        uint32_t at = (uint32_t)h & (wide - 1);
        while (slots[at]) at = (at + 1) & (wide - 1);
        slots[at] = (h & 0xFFFFFFFF00000000u) | (code + 1);
        start = end;
    }
    free(levels->slots);
    levels->slots = slots;
    levels->slot_count = wide;
    return 1;
}

static int add(ek_levels *levels, const uint8_t *text, size_t count) {
    size_t start = levels->count ? levels->ends[levels->count - 1] : 0;
    if (levels->count == levels->ends_capacity) {
        size_t capacity = levels->ends_capacity ? levels->ends_capacity * 2 : 32;
        size_t *ends = realloc(levels->ends, capacity * sizeof *ends);
        if (!ends) return 0;
        levels->ends = ends;
        levels->ends_capacity = capacity;
    }
    // 16 bytes more than the texts take, so that the hash may read past the last one.
    if (levels->bytes_capacity < start + count + 16) {
        size_t capacity = 2 * (start + count) + 512;
        uint8_t *bytes = realloc(levels->bytes, capacity);
        if (!bytes) return 0;
        memset(bytes + start, 0, capacity - start);
        levels->bytes = bytes;
        levels->bytes_capacity = capacity;
    }
    if (count) memcpy(levels->bytes + start, text, count);
    levels->ends[levels->count++] = start + count;
    return 1;
}

int32_t ek_levels_code(ek_levels *levels, const uint8_t *text, size_t count) {
    uint64_t h = hash(levels->seed, text, count);
    uint32_t mask = levels->slot_count - 1;
    uint32_t at = (uint32_t)h & mask;
    for (; levels->slots[at]; at = (at + 1) & mask) {
        uint64_t slot = levels->slots[at];
        if ((slot ^ h) >> 32) continue;
        uint32_t code = (uint32_t)slot - 1;
        size_t start = code ? levels->ends[code - 1] : 0;
        if (levels->ends[code] - start == count && memcmp(levels->bytes + start, text, count) == 0) return (int32_t)code;
    }
    if (!ek_is_text(text, count)) return EK_NO_TEXT;
    if (levels->count >= 0x3FFFFFFF || !add(levels, text, count)) return EK_NO_MEMORY;
    levels->slots[at] = (h & 0xFFFFFFFF00000000u) | levels->count;
    if (levels->count * 2 > levels->slot_count && !grow_slots(levels)) return EK_NO_MEMORY;
    return (int32_t)levels->count - 1;
}

int ek_levels_translate(const ek_levels *from, const int32_t *codes, size_t count, int32_t *map, ek_levels *to, int32_t *out) {
    for (size_t i = 0; i < count; i++) {
        int32_t code = codes[i];
        if (code >= 0 && map[code] < 0) {
            size_t start = code ? from->ends[code - 1] : 0;
            int32_t common = ek_levels_code(to, from->bytes + start, from->ends[code] - start);
            if (common < 0) return 0;
            map[code] = common;
        }
        out[i] = code < 0 ? -1 : map[code];
    }
    return 1;
}

int ek_is_text(const uint8_t *p, size_t count) {
    const uint8_t *end = p + count;
    while (p < end) {
        if (end - p >= 8) {
            uint64_t x = load8(p);
            // Neither a high bit nor a zero among eight bytes.
            if (((x | (x - 0x0101010101010101u)) & 0x8080808080808080u) == 0) {
                p += 8;
                continue;
            }
        }
        uint8_t c = *p++;
        if (c == 0) return 0;
        if (c < 0x80) continue;
        unsigned more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        if (c < 0xC2 || c > 0xF4 || (size_t)(end - p) < more) return 0;
        // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
        uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
        if (*p < low || *p > high) return 0;
        p++;
        for (unsigned i = 1; i < more; i++, p++)
            if ((*p & 0xC0) != 0x80) return 0;
    }
    return 1;
}
