#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { EK_UNZSTD_DONE, EK_UNZSTD_BROKEN, EK_UNZSTD_TOO_LARGE, EK_UNZSTD_WINDOW, EK_UNZSTD_NO_MEMORY };

/// Whether a frame of today's format begins here. The library also reads older ones, to which the bound of the window does not apply.
static inline int ek_zstd_is_frame(const uint8_t *at, size_t left) {
    if (left < 4) return 0;
    uint32_t magic = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

/// Unpacks zstd frames, one after the other, of at most `limit` bytes unpacked, whatever their headers say that they hold, with windows
/// of at most 2^`window_log` bytes. `*out` is the caller's to free.
static inline int ek_unzstd(const uint8_t *in, size_t n, size_t limit, int window_log, uint8_t **out, size_t *count) {
    size_t capacity = n < limit / 4 ? n * 4 + 256 : limit;
    *count = 0;
    *out = (uint8_t *)malloc(capacity ? capacity : 1);
    if (!*out) return EK_UNZSTD_NO_MEMORY;
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, window_log))) {
        ZSTD_freeDCtx(context);
        return EK_UNZSTD_NO_MEMORY;
    }
    ZSTD_inBuffer input = {in, n, 0};
    size_t status = 0;  // a frame is at its end
    unsigned long long announced = ZSTD_CONTENTSIZE_UNKNOWN;
    size_t frame = 0;
    int answer = EK_UNZSTD_BROKEN;
    for (;;) {
        if (status == 0) {
            if (!ek_zstd_is_frame(in + input.pos, n - input.pos)) break;
            announced = ZSTD_getFrameContentSize(in + input.pos, n - input.pos);
            frame = *count;
        }
        if (*count == capacity) {
            // One byte beyond the limit tells that there is more.
            if (capacity > limit) { answer = EK_UNZSTD_TOO_LARGE; break; }
            capacity = capacity >= limit / 2 ? limit + 1 : capacity * 2;
            uint8_t *more = (uint8_t *)realloc(*out, capacity);
            if (!more) { answer = EK_UNZSTD_NO_MEMORY; break; }
            *out = more;
        }
        ZSTD_outBuffer output = {*out, capacity, *count};
        status = ZSTD_decompressStream(context, &output, &input);
        *count = output.pos;
        if (ZSTD_isError(status)) {
            ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
            if (code == ZSTD_error_frameParameter_windowTooLarge) answer = EK_UNZSTD_WINDOW;
            if (code == ZSTD_error_memory_allocation) answer = EK_UNZSTD_NO_MEMORY;
            break;
        }
        // The library does not always look whether the frame held what its header says.
        if (status == 0 && announced < ZSTD_CONTENTSIZE_ERROR && announced != *count - frame) break;
        if (status == 0 && input.pos == n) { answer = *count > limit ? EK_UNZSTD_TOO_LARGE : EK_UNZSTD_DONE; break; }
        if (status != 0 && input.pos == n && *count < capacity) break;  // it ends too early
    }
    ZSTD_freeDCtx(context);
    return answer;
}
