#include "CKernels.h"
#include "clones.h"

#include <math.h>
#include <string.h>

enum { EK_BLOCK = 512, EK_LANES = 8 };

typedef double ek_quad __attribute__((vector_size(32), aligned(8)));

EK_CLONES
int ek_confusion(const int32_t *group, const uint8_t *decision, const uint8_t *label, size_t n, int32_t groups, int64_t *counts) {
    enum { SMALL = 4096 };
    uint32_t at[EK_BLOCK];
    // Two tables, so that a run of equal rows does not wait for itself; the last cell takes what is skipped.
    static const size_t width = 4 * SMALL + 1;
    uint32_t tables[2 * (4 * SMALL + 1)];
    int isSmall = groups < SMALL;
    uint32_t trash = 4 * (uint32_t)groups;
    uint32_t bad = 0;
    if (isSmall)
        for (uint32_t i = 0; i <= trash; i++) tables[i] = tables[width + i] = 0;
    size_t inTables = 0;
    for (size_t start = 0; start < n; start += EK_BLOCK) {
        size_t count = n - start < EK_BLOCK ? n - start : EK_BLOCK;
        const int32_t *g = group + start;
        const uint8_t *d = decision + start, *l = label + start;
        for (size_t j = 0; j < count; j++) {
            uint32_t isSkipped = g[j] < 0;
            bad |= !isSkipped & ((g[j] >= groups) | (d[j] > 1) | (l[j] > 1));
            uint32_t cell = 4 * (uint32_t)g[j] + 2 * (uint32_t)(d[j] & 1) + (uint32_t)(l[j] & 1);
            at[j] = (isSkipped | (g[j] >= groups)) ? trash : cell;
        }
        if (!isSmall) {
            for (size_t j = 0; j < count; j++)
                if (at[j] < trash) counts[at[j]]++;
            continue;
        }
        size_t j = 0;
        for (; j + 2 <= count; j += 2) {
            tables[at[j]]++;
            tables[width + at[j + 1]]++;
        }
        if (j < count) tables[at[j]]++;
        inTables += count;
        if (inTables > UINT32_MAX - 2 * EK_BLOCK || start + EK_BLOCK >= n) {
            for (uint32_t i = 0; i < trash; i++) {
                counts[i] += (int64_t)tables[i] + tables[width + i];
                tables[i] = tables[width + i] = 0;
            }
            tables[trash] = tables[width + trash] = 0;
            inTables = 0;
        }
    }
    return !bad;
}

EK_CLONES
int ek_group_scores(const int32_t *group, const double *score, const uint8_t *label, size_t n, int32_t groups, double *sums, uint8_t *outside) {
    int32_t at[EK_BLOCK];
    double error[EK_BLOCK];
    for (size_t start = 0; start < n; start += EK_BLOCK) {
        size_t count = n - start < EK_BLOCK ? n - start : EK_BLOCK;
        const int32_t *g = group + start;
        const double *s = score + start;
        const uint8_t *l = label + start;
        int32_t bad = 0, beyond = 0, skipped = 0, onEdge = 0;
        for (size_t j = 0; j < count; j++) {
            double t = s[j] > 0 ? s[j] : 0;
            t = t < 1 ? t : 1;
            double place = t * 10;
            int32_t cell = (int32_t)place;
            onEdge |= (double)cell == place;
            cell = cell < 9 ? cell : 9;
            int32_t isSkipped = g[j] < 0;
            bad |= !isSkipped & ((g[j] >= groups) | (l[j] > 1) | (s[j] != s[j]));
            beyond |= (s[j] < 0) | (s[j] > 1);
            skipped |= isSkipped;
            at[j] = 20 * g[j] + 2 * cell + (int32_t)(l[j] & 1);
            double e = s[j] - (double)l[j];
            error[j] = e * e;
        }
        if (bad) return 0;
        // k/10 itself belongs to the cell below. Its product with 10 is k, so that the edge is the only place for a mistake.
        if (onEdge)
            for (size_t j = 0; j < count; j++) {
                double t = s[j] > 0 ? (s[j] < 1 ? s[j] : 1) : 0;
                int32_t cell = (int32_t)(t * 10);
                cell = cell < 9 ? cell : 9;
                if (cell > 0 && t <= (double)cell / 10) at[j] -= 2;
            }
        if (beyond)
            for (size_t j = 0; j < count; j++)
                if (g[j] >= 0 && (s[j] < 0 || s[j] > 1)) outside[g[j]] = 1;
        if (skipped) {
            for (size_t j = 0; j < count; j++) {
                if (g[j] < 0) continue;
                double *to = sums + 4 * (size_t)at[j];
                to[0] += 1;
                to[1] += s[j];
                to[2] += error[j];
                to[3] += error[j] * error[j];
            }
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            ek_quad *to = (ek_quad *)(sums + 4 * (size_t)at[j]);
            *to += (ek_quad){1, s[j], error[j], error[j] * error[j]};
        }
    }
    return 1;
}

EK_CLONES
void ek_score_losses(const double *score, const uint8_t *label, size_t n, const double *edges, int32_t cells, double *sums, double *squares, double *logs) {
    const double least = 0x1p-52, most = 1 - 0x1p-52, small = 0x1p-13;
    const int64_t rootHalf = 0x3FE6A09E667F3BCD;
    const double scale = cells;
    int32_t at[EK_BLOCK];
    double s[EK_BLOCK], y[EK_BLOCK];
    double q[EK_LANES] = {0}, tiny[EK_LANES] = {0};
    int64_t exponents[EK_LANES] = {0};
    double logarithms = 0;
    for (size_t start = 0; start < n; start += EK_BLOCK) {
        size_t count = n - start < EK_BLOCK ? n - start : EK_BLOCK;
        memcpy(s, score + start, count * sizeof *s);
        for (size_t j = 0; j < count; j++) y[j] = label[start + j];
        int32_t nearEdge = 0;
        for (size_t j = 0; j < count; j++) {
            double place = s[j] * scale;
            int32_t cell = (int32_t)place;
            double rest = place - (double)cell;
            nearEdge |= (rest < 1e-9) | (rest > 1 - 1e-9);
            at[j] = cell < cells - 1 ? cell : cells - 1;
        }
        if (nearEdge)
            for (size_t j = 0; j < count; j++) {
                at[j] -= (at[j] > 0) & (s[j] <= edges[at[j]]);
                at[j] += (at[j] < cells - 1) & (s[j] > edges[at[j] + 1]);
            }
        for (size_t j = 0; j < count; j++) {
            ek_quad *to = (ek_quad *)(sums + 4 * ((size_t)at[j] * EK_LANES + j % EK_LANES));
            *to += (ek_quad){1, y[j], s[j], 0};
        }
        // A perfect forecast adds nothing: fills the last lanes.
        size_t full = (count + EK_LANES - 1) / EK_LANES * EK_LANES;
        for (size_t j = count; j < full; j++) s[j] = y[j] = 0;
        double product[EK_LANES];
        for (int k = 0; k < EK_LANES; k++) product[k] = 1;
        for (size_t j = 0; j < full; j += EK_LANES)
            for (int k = 0; k < EK_LANES; k++) {
                double p = s[j + k], hit = y[j + k];
                double e = p - hit;
                q[k] += e * e;
                p = p > least ? p : least;
                p = p < most ? p : most;
                // What was given to the label, and to the other one.
                double given = hit > 0.5 ? p : 1 - p, other = hit > 0.5 ? 1 - p : p;
                // -log(1 - other): near 0 its series, else a mantissa from √½ to √2 and an exponent; many mantissas have one logarithm.
                double series = other * (1 + other * (1.0 / 2 + other * (1.0 / 3 + other * (1.0 / 4))));
                int64_t bits;
                memcpy(&bits, &given, sizeof bits);
                int64_t exponent = (bits - rootHalf) >> 52;
                bits -= (int64_t)((uint64_t)exponent << 52);
                double mantissa;
                memcpy(&mantissa, &bits, sizeof mantissa);
                int64_t isSmall = other < small;
                tiny[k] += isSmall ? series : 0;
                product[k] *= isSmall ? 1 : mantissa;
                exponents[k] += isSmall ? 0 : exponent;
            }
        for (size_t j = count; j < full; j++) tiny[j % EK_LANES] -= least * (1 + least * (1.0 / 2 + least * (1.0 / 3 + least * (1.0 / 4))));
        // Eight products of 64 mantissas lie within 2^±256.
        logarithms += log(((product[0] * product[4]) * (product[1] * product[5])) * ((product[2] * product[6]) * (product[3] * product[7])));
    }
    int64_t exponent = 0;
    for (int k = 0; k < EK_LANES; k++) exponent += exponents[k];
    double rest = ((tiny[0] + tiny[4]) + (tiny[1] + tiny[5])) + ((tiny[2] + tiny[6]) + (tiny[3] + tiny[7]));
    *squares = ((q[0] + q[4]) + (q[1] + q[5])) + ((q[2] + q[6]) + (q[3] + q[7]));
    *logs = rest - (logarithms + (double)exponent * 0.693147180559945309417);
}
