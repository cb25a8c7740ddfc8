#pragma once
#include <stddef.h>
#include <stdint.h>

// Sums over scores and labels.

/// Rows by group, decision and label: counts[4·group + 2·decision + label]. Rows with a negative group are skipped.
/// Returns 0 when a group is not below `groups` or a bit is neither 0 nor 1.
int ek_confusion(const int32_t *group, const uint8_t *decision, const uint8_t *label, size_t n, int32_t groups, int64_t *counts);

/// Adds each row's 1, score, (score - label)² and (score - label)⁴ to sums[4·(20·group + 2·cell + label)], where cell k of 10 holds k/10 < score ≤ (k + 1)/10, and
/// what lies beyond 0…1 belongs to the first or last. Rows are added in their order. `outside[group]` becomes 1 for a score beyond 0…1.
/// Returns 0 when a group is not below `groups`, a label is neither 0 nor 1, or a score is NaN.
int ek_group_scores(const int32_t *group, const double *score, const uint8_t *label, size_t n, int32_t groups, double *sums, uint8_t *outside);

/// Rows, positives and sum of scores of each cell (cell k of `cells` holds edges[k] < score ≤ edges[k + 1]), and over all rows the sums of
/// (score - label)² and of -log of the probability given to the label, scores clipped to [2⁻⁵², 1 - 2⁻⁵²].
/// `sums` holds 32 numbers a cell: eight tables of rows, positives, scores and nothing, which are to be added. Scores lie in 0…1.
void ek_score_losses(const double *score, const uint8_t *label, size_t n, const double *edges, int32_t cells, double *sums, double *squares, double *logs);

/// Puts whole numbers in ascending order. `spare` holds as many.
void ek_sort_keys(uint64_t *keys, uint64_t *spare, size_t n);

/// Of ascending keys 2·(order of the score) + label: the pairs of a positive and a negative in the right order, counted twice, ties once, and
/// the sum over positives of the precision at their score, tp / (tp + fp), where higher scores are positive.
void ek_rank_sums(const uint64_t *keys, size_t n, uint64_t *pairs, double *precisions);
