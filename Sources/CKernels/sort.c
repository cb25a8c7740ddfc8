#include "CKernels.h"

#include <string.h>

enum { EK_FEW = 24, EK_BUCKET_BITS = 11, EK_BUCKETS = 1 << EK_BUCKET_BITS };

static void insertion(uint64_t *keys, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t j = i;
        for (; j > 0 && keys[j - 1] > key; j--) keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

/// Buckets by the leading bits in which the keys differ at all, each sorted in turn: every level takes away bits, so there are few.
void ek_sort_keys(uint64_t *keys, uint64_t *spare, size_t n) {
    if (n <= EK_FEW) {
        insertion(keys, n);
        return;
    }
    uint64_t least = keys[0], most = keys[0];
    for (size_t i = 0; i < n; i++) {
        least = keys[i] < least ? keys[i] : least;
        most = keys[i] > most ? keys[i] : most;
    }
    if (least == most) return;
    // About as many buckets as keys, but never more than caches bear.
    int bits = 1;
    while (bits < EK_BUCKET_BITS && (size_t)1 << bits < n) bits++;
    int width = 64 - __builtin_clzll(most - least), shift = width > bits ? width - bits : 0;
    size_t buckets = (size_t)((most - least) >> shift) + 1;
    uint32_t starts[EK_BUCKETS + 1];
    memset(starts, 0, (buckets + 1) * sizeof *starts);
    for (size_t i = 0; i < n; i++) starts[((keys[i] - least) >> shift) + 1]++;
    for (size_t i = 0; i < buckets; i++) starts[i + 1] += starts[i];
    uint32_t next[EK_BUCKETS];
    memcpy(next, starts, buckets * sizeof *next);
    for (size_t i = 0; i < n; i++) spare[next[(keys[i] - least) >> shift]++] = keys[i];
    if (shift > 0)
        for (size_t b = 0; b < buckets; b++) {
            size_t size = starts[b + 1] - starts[b];
            if (size > 1) ek_sort_keys(spare + starts[b], keys + starts[b], size);
        }
    memcpy(keys, spare, n * sizeof *keys);
}

void ek_rank_sums(const uint64_t *keys, size_t n, uint64_t *pairs, double *precisions) {
    uint64_t tp = 0, fp = 0, doubled = 0;
    double sum = 0;
    for (size_t i = n; i > 0;) {
        uint64_t score = keys[i - 1] >> 1, hits = 0, misses = 0;
        do {
            uint64_t isHit = keys[--i] & 1;
            hits += isHit;
            misses += 1 - isHit;
        } while (i > 0 && keys[i - 1] >> 1 == score);
        doubled += misses * (2 * tp + hits);
        tp += hits;
        fp += misses;
        sum += (double)hits * ((double)tp / (double)(tp + fp));
    }
    *pairs = doubled;
    *precisions = sum;
}
