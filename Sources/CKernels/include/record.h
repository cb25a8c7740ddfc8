#pragma once
#include <stddef.h>
#include <stdint.h>

// Reading JSON objects of one shape again and again, such as prediction records: a syntax pass that remembers where members stand, and a
// pass that puts the values of known keys into numbered slots. What is unusual (escapes, arrays, deep objects, errors) is left to the
// general parser: these functions then say 0 and nothing is lost but time.

enum { EK_JSON_NULL, EK_JSON_FALSE, EK_JSON_TRUE, EK_JSON_INTEGER, EK_JSON_NUMBER, EK_JSON_STRING, EK_JSON_OBJECT };

typedef struct {
    uint32_t key, key_length;  // places count from the text's start
    uint32_t value, value_length;  // a string without its quotes, anything else as it is written
    double number;  // of EK_JSON_INTEGER (in the usual way of writing, at most 15 digits) and EK_JSON_NUMBER
    int32_t kind;
    int32_t parent;  // the member whose object it is in, -1 for the outermost
} ek_member;

/// Reads the object that begins at text[at], at most two deep, up to `max` members. A zero byte must follow at or after `end`, with 31 readable
/// bytes behind it: that is where reading stops.
/// Returns where it ends, or 0 when it is not one that this function takes.
size_t ek_record_read(const uint8_t *text, size_t at, size_t end, ek_member *members, uint32_t max, uint32_t *count);

enum {
    EK_SLOT_OBJECT,  // holds further slots
    EK_SLOT_NUMBER,  // a number
    EK_SLOT_MEASURE, // a number, true or false
    EK_SLOT_NAME,    // a string, or an integer in the usual way of writing
    EK_SLOT_LEVEL,   // the same, or true or false
    EK_SLOT_TIME     // a string or a number
};

typedef struct {
    uint32_t key, key_length;  // in the plan's keys
    int32_t parent;            // the slot whose object it is in, -1 for the outermost
    int32_t kind;
} ek_slot;

typedef struct {
    uint32_t at, length;
} ek_range;
#define EK_NO_RANGE UINT32_MAX

/// Where the hash of a slot's key begins to look in the table.
uint32_t ek_slot_hash(const uint8_t *key, size_t length, int32_t parent);

enum { EK_RECORD_SLOW = 0, EK_RECORD_FILLED = 1, EK_RECORD_UNKNOWN = 2 };

/// Puts the members' values into the slots: numbers (NaN where there is none) and ranges of texts (`length` EK_NO_RANGE where there is none).
/// `table` holds slots by the hash of their key, -1 for none, with open addressing; `hints` holds for each member's place the slot that was found there in the record before, or -1.
/// EK_RECORD_SLOW for a value of another kind or a key that comes twice; EK_RECORD_UNKNOWN for an unknown key, with its member in `unknown`.
int ek_record_fill(const uint8_t *text, const ek_member *members, uint32_t count, const uint8_t *keys, const ek_slot *slots,
                   uint32_t slot_count, const int32_t *table, uint32_t table_mask, int32_t *hints, double *numbers, ek_range *texts,
                   int32_t *slot_of_member, uint32_t *unknown);

/// The text of an outermost member that is a string or a plain integer; `length` EK_NO_RANGE when there is none or it comes twice.
ek_range ek_record_name(const uint8_t *text, const ek_member *members, uint32_t count, const char *key, size_t length);

/// The place of the first line feed from `at`, or `end`.
size_t ek_line_end(const uint8_t *text, size_t at, size_t end);
