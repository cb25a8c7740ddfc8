#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { EK_GUNZIP_DONE, EK_GUNZIP_BROKEN, EK_GUNZIP_TOO_LARGE, EK_GUNZIP_NO_MEMORY };

/// Unpacks gzip (one member or several) or zlib data of at most `limit` bytes unpacked. `*out` is the caller's to free.
static inline int ek_gunzip(const uint8_t *in, size_t n, size_t limit, uint8_t **out, size_t *count) {
    size_t capacity = n < limit / 4 ? n * 4 + 256 : limit;
    *count = 0;
    *out = (uint8_t *)malloc(capacity ? capacity : 1);
    if (!*out) return EK_GUNZIP_NO_MEMORY;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (n > UINT32_MAX || inflateInit2(&stream, 15 + 32) != Z_OK) return EK_GUNZIP_NO_MEMORY;
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)n;
    int answer = EK_GUNZIP_BROKEN;
    for (;;) {
        if (*count == capacity) {
            // One byte beyond the limit tells that there is more.
            if (capacity > limit) { answer = EK_GUNZIP_TOO_LARGE; break; }
            capacity = capacity >= limit / 2 ? limit + 1 : capacity * 2;
            uint8_t *more = (uint8_t *)realloc(*out, capacity);
            if (!more) { answer = EK_GUNZIP_NO_MEMORY; break; }
            *out = more;
        }
        size_t room = capacity - *count;
        stream.next_out = *out + *count;
        stream.avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
        uInt before = stream.avail_out;
        int status = inflate(&stream, Z_NO_FLUSH);
        *count += before - stream.avail_out;
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) { answer = *count > limit ? EK_GUNZIP_TOO_LARGE : EK_GUNZIP_DONE; break; }
            if (inflateReset(&stream) != Z_OK) break;
        } else if (status == Z_BUF_ERROR && stream.avail_out > 0) {
            break;  // it ends too early
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            break;
        }
    }
    inflateEnd(&stream);
    return answer;
}
