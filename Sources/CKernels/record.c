#include "record.h"

#include <math.h>
#include <string.h>

#include "levels.h"
#include "number.h"

static inline size_t skip_space(const uint8_t *text, size_t at) {
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') at++;
    return at;
}

/// From the first byte after the quote: where the closing quote stands, or 0. The string is valid UTF-8 without escapes.
static inline size_t string_end(const uint8_t *text, size_t at) {
    size_t start = at;
    uint64_t high = 0;
    for (;;) {
        uint64_t x;
        memcpy(&x, text + at, 8);
        const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
        uint64_t quote = x ^ (ones * '"'), escape = x ^ (ones * '\\');
        // Each is exact up to the first byte that it finds, and the first is all that is asked for.
        uint64_t stop = (((quote - ones) & ~quote) | ((escape - ones) & ~escape) | ((x - ones * 0x20) & ~x)) & tops;
        if (stop) {
            unsigned n = (unsigned)__builtin_ctzll(stop) >> 3;
            high |= n ? x << (64 - 8 * n) : 0;
            at += n;
            break;
        }
        high |= x;
        at += 8;
    }
    if (text[at] != '"') return 0;
    if ((high & 0x8080808080808080u) && !ek_is_text(text + start, at - start)) return 0;
    return at;
}

/// JSON's grammar of numbers is narrower than the reader's.
static inline size_t number_end(const uint8_t *text, size_t at, double *value, int *form) {
    size_t first = at + (text[at] == '-');
    if (text[first] < '0' || text[first] > '9') return 0;
    if (text[first] == '0' && text[first + 1] >= '0' && text[first + 1] <= '9') return 0;
    const uint8_t *end = ek_number_prefix(text + at, value, form);
    if (!end || !isfinite(*value)) return 0;
    size_t stop = (size_t)(end - text);
    if (*form != EK_PLAIN_INTEGER) {
        const uint8_t *point = memchr(text + first, '.', stop - first);
        if (point && (point[1] < '0' || point[1] > '9')) return 0;
    }
    return stop;
}

size_t ek_record_read(const uint8_t *text, size_t at, size_t end, ek_member *members, uint32_t max, uint32_t *count) {
    uint32_t n = 0;
    int32_t parent = -1;
    at = skip_space(text, at);
    if (at >= end || text[at] != '{' || end > UINT32_MAX - 64) return 0;
    at = skip_space(text, at + 1);
    for (;;) {
        // Between members: a key, or the end of an object.
        if (text[at] == '}') {
            if (parent < 0) {
                *count = n;
                return at + 1 <= end ? at + 1 : 0;
            }
            parent = -1;
            at = skip_space(text, at + 1);
            if (text[at] == ',') {
                at = skip_space(text, at + 1);
                if (text[at] != '"') return 0;
            } else if (text[at] != '}') {
                return 0;
            }
            continue;
        }
        if (text[at] != '"' || n == max) return 0;
        ek_member *member = &members[n];
        size_t key_end = string_end(text, at + 1);
        if (!key_end) return 0;
        member->key = (uint32_t)(at + 1);
        member->key_length = (uint32_t)(key_end - at - 1);
        member->parent = parent;
        at = skip_space(text, key_end + 1);
        if (text[at] != ':') return 0;
        at = skip_space(text, at + 1);
        member->value = (uint32_t)at;
        n++;
        switch (text[at]) {
            case '"': {
                size_t stop = string_end(text, at + 1);
                if (!stop) return 0;
                member->kind = EK_JSON_STRING;
                member->value = (uint32_t)(at + 1);
                member->value_length = (uint32_t)(stop - at - 1);
                at = stop + 1;
                break;
            }
            case '{':
                if (parent >= 0) return 0;
                member->kind = EK_JSON_OBJECT;
                member->value_length = 0;
                parent = (int32_t)(n - 1);
                at = skip_space(text, at + 1);
                if (text[at] != '"' && text[at] != '}') return 0;
                continue;
            case 't':
                if (memcmp(text + at, "true", 4) != 0) return 0;
                member->kind = EK_JSON_TRUE;
                member->value_length = 4;
                at += 4;
                break;
            case 'f':
                if (memcmp(text + at, "false", 5) != 0) return 0;
                member->kind = EK_JSON_FALSE;
                member->value_length = 5;
                at += 5;
                break;
            case 'n':
                if (memcmp(text + at, "null", 4) != 0) return 0;
                member->kind = EK_JSON_NULL;
                member->value_length = 4;
                at += 4;
                break;
            default: {
                int form = 0;
                size_t stop = number_end(text, at, &member->number, &form);
                if (!stop) return 0;
                member->kind = form == EK_PLAIN_INTEGER ? EK_JSON_INTEGER : EK_JSON_NUMBER;
                member->value_length = (uint32_t)(stop - at);
                at = stop;
            }
        }
        at = skip_space(text, at);
        if (text[at] == ',') {
            at = skip_space(text, at + 1);
            if (text[at] != '"') return 0;  // a comma before the end
        } else if (text[at] != '}') {
            return 0;
        }
        if (at >= end) return 0;
    }
}

uint32_t ek_slot_hash(const uint8_t *key, size_t length, int32_t parent) {
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(uint32_t)parent;
    for (size_t i = 0; i < length; i++) hash = (hash ^ key[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

/// What a record's members are compared with.
typedef struct {
    const uint8_t *keys;
    const ek_slot *slots;
    const int32_t *table;
    uint32_t table_mask;
} ek_record_plan;

static inline int is_slot(const ek_record_plan *plan, int32_t slot, int32_t parent, const uint8_t *key, uint32_t length) {
    const ek_slot *s = &plan->slots[slot];
    return s->key_length == length && s->parent == parent && memcmp(plan->keys + s->key, key, length) == 0;
}

static int32_t find_slot(const ek_record_plan *plan, int32_t parent, const uint8_t *key, uint32_t length) {
    uint32_t place = ek_slot_hash(key, length, parent) & plan->table_mask;
    for (; plan->table[place] >= 0; place = (place + 1) & plan->table_mask)
        if (is_slot(plan, plan->table[place], parent, key, length)) return plan->table[place];
    return -1;
}

int ek_record_fill(const uint8_t *text, const ek_member *members, uint32_t count, const uint8_t *keys, const ek_slot *slots,
                   uint32_t slot_count, const int32_t *table, uint32_t table_mask, int32_t *hints, double *numbers, ek_range *texts,
                   int32_t *slot_of_member, uint32_t *unknown) {
    const ek_record_plan whole = {keys, slots, table, table_mask}, *plan = &whole;
    for (uint32_t s = 0; s < slot_count; s++) {
        numbers[s] = NAN;
        texts[s].at = 0;  // not seen
        texts[s].length = EK_NO_RANGE;
    }
    for (uint32_t i = 0; i < count; i++) {
        const ek_member *member = &members[i];
        int32_t parent = member->parent < 0 ? -1 : slot_of_member[member->parent];
        int32_t slot = hints[i];
        if (slot < 0 || !is_slot(plan, slot, parent, text + member->key, member->key_length)) {
            slot = find_slot(plan, parent, text + member->key, member->key_length);
            if (slot < 0) {
                *unknown = i;
                return EK_RECORD_UNKNOWN;
            }
            hints[i] = slot;
        }
        slot_of_member[i] = slot;
        if (texts[slot].at) return EK_RECORD_SLOW;  // a key that comes twice
        texts[slot].at = 1;
        int32_t kind = member->kind;
        if (kind == EK_JSON_NULL) continue;
        int isNumber = kind == EK_JSON_INTEGER || kind == EK_JSON_NUMBER, isFlag = kind == EK_JSON_TRUE || kind == EK_JSON_FALSE;
        int32_t wanted = plan->slots[slot].kind;
        switch (wanted) {
            case EK_SLOT_OBJECT:
                if (kind != EK_JSON_OBJECT) return EK_RECORD_SLOW;
                break;
            case EK_SLOT_NUMBER:
            case EK_SLOT_MEASURE:
                if (isNumber) {
                    numbers[slot] = member->number;
                } else if (isFlag && wanted == EK_SLOT_MEASURE) {
                    numbers[slot] = kind == EK_JSON_TRUE;
                } else {
                    return EK_RECORD_SLOW;
                }
                break;
            default:
                if (isNumber && wanted == EK_SLOT_TIME) {
                    numbers[slot] = member->number;
                } else if (kind == EK_JSON_STRING || kind == EK_JSON_INTEGER || (isFlag && wanted == EK_SLOT_LEVEL)) {
                    texts[slot].at = member->value;
                    texts[slot].length = member->value_length;
                } else {
                    return EK_RECORD_SLOW;
                }
        }
    }
    return EK_RECORD_FILLED;
}

ek_range ek_record_name(const uint8_t *text, const ek_member *members, uint32_t count, const char *key, size_t length) {
    ek_range found = {0, EK_NO_RANGE};
    for (uint32_t i = 0; i < count; i++) {
        const ek_member *member = &members[i];
        if (member->parent >= 0 || member->key_length != length || memcmp(text + member->key, key, length) != 0) continue;
        if (found.length != EK_NO_RANGE || (member->kind != EK_JSON_STRING && member->kind != EK_JSON_INTEGER))
            return (ek_range){0, EK_NO_RANGE};
        found = (ek_range){member->value, member->value_length};
    }
    return found;
}

size_t ek_line_end(const uint8_t *text, size_t at, size_t end) {
    const uint8_t *found = memchr(text + at, '\n', end - at);
    return found ? (size_t)(found - text) : end;
}
