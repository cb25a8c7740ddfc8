-- name: keep_model_file
insert into evenkeel.model_file (version_id, format, digest, size, data, stored_at, stored_by) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (version_id) do nothing

-- name: model_file
select data from evenkeel.model_file where version_id = $1

-- name: model_files
select version_id, format, digest, size, stored_at, stored_by from evenkeel.model_file order by version_id

-- A sequence that was never used says the number that it would give.
-- name: batch_horizon
select case when is_called then last_value else 0 end from evenkeel.batch_seq

-- Pages that are not in the summaries yet would be read in every step.
-- name: summarize_batches
select brin_summarize_new_values(inhrelid) from pg_inherits where inhparent = 'evenkeel.prediction_by_batch'::regclass
union all select brin_summarize_new_values('evenkeel.label_by_batch'::regclass)

-- name: start_shadow_run
insert into evenkeel.shadow_run (stream_id, candidate_id, started_at, cursor, began_after) values ($1, $2, $3, $4, $4)
on conflict (stream_id, candidate_id) do nothing

-- name: shadow_runs
select stream_id, candidate_id, started_at, cursor, taken, skipped, seconds, latency_rows, latency_seconds, stepped_at, breaker, broken_at,
       verdict, verdict_at, report::text, looked_cursor
from evenkeel.shadow_run order by stream_id, candidate_id

-- name: shadow_sums
select sums from evenkeel.shadow_run where stream_id = $1 and candidate_id = $2

-- Another runner that is at it goes on alone.
-- name: lock_shadow_run
select cursor, sums, breaker, began_after from evenkeel.shadow_run where stream_id = $1 and candidate_id = $2 for update skip locked

-- name: shadow_counts
select (select count(*) from evenkeel.prediction where stream_id = $1 and batch_id > $2 and batch_id <= $3)
     + (select count(*) from evenkeel.label where stream_id = $1 and label_seq >= ($2::bigint + 1) * 1000000 and label_seq < ($3::bigint + 1) * 1000000)

-- Labels as they were known when batch $3 was stored: what came later is a change of its own.
-- name: shadow_predictions
select p.record_id, p.features, p.score, p.groups, p.error is not null, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, l.label, null,
       p.cost, p.segments
from evenkeel.prediction p
left join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts and label_seq < ($3::bigint + 1) * 1000000
    order by ts desc, label_seq desc limit 1
) l on true
where p.stream_id = $1 and p.batch_id > $2 and p.batch_id <= $3
order by p.batch_id, p.record_id

-- name: shadow_labels
select p.record_id, p.features, p.score, p.groups, p.error is not null, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, now.label, before.label,
       p.cost, p.segments
from (
    select distinct record_id, prediction_ts from evenkeel.label
    where stream_id = $1 and label_seq >= ($2::bigint + 1) * 1000000 and label_seq < ($3::bigint + 1) * 1000000
) w
join evenkeel.prediction p on p.stream_id = $1 and p.record_id = w.record_id and p.ts = w.prediction_ts and p.batch_id <= $2 and p.batch_id > $4
left join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts and label_seq < ($3::bigint + 1) * 1000000
    order by ts desc, label_seq desc limit 1
) now on true
left join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts and label_seq < ($2::bigint + 1) * 1000000
    order by ts desc, label_seq desc limit 1
) before on true
where now.label is distinct from before.label
order by p.record_id, p.ts

-- A step that changes no sum leaves nothing to look at.
-- name: step_shadow_run
update evenkeel.shadow_run set cursor = $3, looked_cursor = case when $4::bytea is null and looked_cursor = cursor then $3 else looked_cursor end, sums = coalesce($4::bytea, sums), taken = taken + $5, skipped = skipped + $6, seconds = seconds + $7,
    latency_rows = latency_rows + $8, latency_seconds = latency_seconds + $9, stepped_at = $10
where stream_id = $1 and candidate_id = $2

-- name: break_shadow_run
update evenkeel.shadow_run set breaker = $3, broken_at = $4 where stream_id = $1 and candidate_id = $2 and breaker is null

-- name: mend_shadow_run
update evenkeel.shadow_run set breaker = null, broken_at = null where stream_id = $1 and candidate_id = $2 and breaker is not null

-- Of two runners that look at once one tells: the other one's look is of a verdict that is not there any more, or of fewer rows.
-- name: report_shadow_run
update evenkeel.shadow_run set verdict = $3, verdict_at = $4, report = $5::json, looked_cursor = greatest(looked_cursor, $8)
where stream_id = $1 and candidate_id = $2 and taken <= $6 and verdict is not distinct from $7

-- name: insert_look
insert into evenkeel.shadow_look (stream_id, candidate_id, looked_at, taken, labelled, verdict, report) values ($1, $2, $3, $4, $5, $6, $7::json)
on conflict (stream_id, candidate_id, looked_at) do nothing

-- name: shadow_looks
select looked_at, taken, labelled, verdict, report::text from evenkeel.shadow_look
where stream_id = $1 and candidate_id = $2 order by looked_at desc limit $3

-- name: find_rollout
select r.version_id, r.previous_id, r.state, r.step, r.changed_at, r.actor, r.reason, coalesce(r.began_at, r.changed_at), r.waits
from evenkeel.rollout r where r.model_id = $1

-- name: keep_rollout
insert into evenkeel.rollout (model_id, version_id, previous_id, state, step, changed_at, actor, reason, began_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (model_id) do update set version_id = excluded.version_id, previous_id = excluded.previous_id, state = excluded.state,
    step = excluded.step, changed_at = excluded.changed_at, actor = excluded.actor, reason = excluded.reason, began_at = excluded.began_at,
    waits = null

-- What a rollout waits for: no change of it.
-- name: hold_rollout
update evenkeel.rollout set waits = $4 where model_id = $1 and version_id = $2 and state = 'rolling' and changed_at = $3

-- name: champion_of
select version_id from evenkeel.model_version where model_id = $1 and stage = 'champion'

-- Rows of one version in a live test, summed by what they call their variant, so that no row leaves the database: by groups, segments, label
-- and decision (7), by label and cell of the score (11), by bin of the score (13), by cell of the latency (14). The numbers are those of
-- Shadowing/ArmSums.swift. $2 is the threshold, $5 the task, $6 the classes; a decision that was logged goes before the threshold, a score
-- beyond its range takes no part.
-- name: arm_sums
select grouping(groups, cell, bin, pace), variant, groups, segments, failed, known, decision, cell, bin, pace, count(*), count(known),
       count(first), sum(first), sum(first * first), count(second), sum(second), sum(second * second),
       count(cost), sum(cost), sum(cost * cost), count(latency), sum(latency), sum(latency * latency),
       sum(score) filter (where known is not null), sum(known)
from (
    select variant, groups, segments, failed, decision, cost, latency, score,
           case when $5 = 'regression' then case when label is not null then 1.0::float8 end else label end as known,
           case when $5 = 'regression' then (score - label) * (score - label)
                when chance is not null then -ln(least(greatest(chance, 2.220446049250313e-16), 1 - 2.220446049250313e-16)) end as first,
           case when label is null or $5 = 'multiclass' then null
                when $5 = 'regression' then abs(score - label) else (score - label) * (score - label) end as second,
           case when $5 <> 'binary' or score is null then null
                when score < 1.0 / 256 then greatest(0, 32 + floor(2 * ln(greatest(score, 1e-300) * 256) / ln(2.0::float8)))
                when score >= 1 - 1.0 / 256 then least(319, 287 - floor(2 * ln(greatest(1 - score, 1e-300) * 256) / ln(2.0::float8)))
                else 32 + floor(score * 256) end::int as cell,
           case when $5 = 'binary' and label is not null and score is not null then least(14, floor(score * 15))::int end as bin,
           case when latency is not null then floor(100 * ln(greatest(latency, 1e-9)))::int end as pace
    from (
        -- What was given to the class that came true.
        select *, case when $5 = 'multiclass' then (scores ->> ($6::text[])[label::int + 1])::float8
                       when label = 1 then score when label = 0 then 1 - score end as chance
        from (
        select p.variant, p.groups, p.segments, p.error is not null as failed, p.cost,
               case when p.error is null and p.latency >= 0 then p.latency end as latency,
               case when p.error is null and ($5 = 'regression' or p.score between 0 and 1) then p.score end as score,
               case when p.error is not null or $5 = 'regression' then null
                    when $5 = 'multiclass' or p.prediction in (0, 1) then p.prediction
                    when p.score between 0 and 1 then (p.score >= $2)::int::float8 end as decision,
               p.extra -> 'scores' as scores, case when p.error is null then l.label end as label
        from evenkeel.prediction p
        left join lateral (
            select label from evenkeel.label
            where stream_id = p.stream_id and record_id = p.record_id and prediction_ts = p.ts
            order by ts desc, label_seq desc limit 1
        ) l on true
        where p.stream_id = $1 and p.ts >= $3 and p.ts < $4
        ) rows_of_version
    ) labelled
) measured
group by grouping sets ((variant, groups, segments, failed, known, decision), (variant, known, cell), (variant, bin), (variant, pace))

-- Labelled rows with their features, the newest of a stretch of event time: columns as shadow_predictions has them, and the time.
-- name: training_rows
select p.record_id, p.features, p.score, p.groups, false, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, l.label, null, p.cost, p.segments,
       p.ts
from evenkeel.prediction p
join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts
    order by ts desc, label_seq desc limit 1
) l on true
where p.stream_id = $1 and p.ts >= $2 and p.ts < $3 and p.error is null and p.features is not null
order by p.ts desc, p.record_id limit $4
