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
       verdict, verdict_at, report::text
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
select p.record_id, p.features, p.score, p.groups, p.error is not null, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, l.label, null
from evenkeel.prediction p
left join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts and label_seq < ($3::bigint + 1) * 1000000
    order by ts desc, label_seq desc limit 1
) l on true
where p.stream_id = $1 and p.batch_id > $2 and p.batch_id <= $3
order by p.batch_id, p.record_id

-- name: shadow_labels
select p.record_id, p.features, p.score, p.groups, p.error is not null, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, now.label, before.label
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

-- name: step_shadow_run
update evenkeel.shadow_run set cursor = $3, sums = coalesce($4::bytea, sums), taken = taken + $5, skipped = skipped + $6, seconds = seconds + $7,
    latency_rows = latency_rows + $8, latency_seconds = latency_seconds + $9, stepped_at = $10
where stream_id = $1 and candidate_id = $2

-- name: break_shadow_run
update evenkeel.shadow_run set breaker = $3, broken_at = $4 where stream_id = $1 and candidate_id = $2 and breaker is null

-- name: mend_shadow_run
update evenkeel.shadow_run set breaker = null, broken_at = null where stream_id = $1 and candidate_id = $2 and breaker is not null

-- Of two runners that look at once one tells: the other one's look is of a verdict that is not there any more, or of fewer rows.
-- name: report_shadow_run
update evenkeel.shadow_run set verdict = $3, verdict_at = $4, report = $5::json
where stream_id = $1 and candidate_id = $2 and taken <= $6 and verdict is not distinct from $7

-- name: insert_look
insert into evenkeel.shadow_look (stream_id, candidate_id, looked_at, taken, labelled, verdict, report) values ($1, $2, $3, $4, $5, $6, $7::json)
on conflict (stream_id, candidate_id, looked_at) do nothing

-- name: shadow_looks
select looked_at, taken, labelled, verdict, report::text from evenkeel.shadow_look
where stream_id = $1 and candidate_id = $2 order by looked_at desc limit $3

-- name: find_rollout
select r.version_id, r.previous_id, r.state, r.step, r.changed_at, r.actor, r.reason
from evenkeel.rollout r where r.model_id = $1

-- name: keep_rollout
insert into evenkeel.rollout (model_id, version_id, previous_id, state, step, changed_at, actor, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (model_id) do update set version_id = excluded.version_id, previous_id = excluded.previous_id, state = excluded.state,
    step = excluded.step, changed_at = excluded.changed_at, actor = excluded.actor, reason = excluded.reason

-- name: champion_of
select version_id from evenkeel.model_version where model_id = $1 and stage = 'champion'

-- Rows of both arms of a live test: summed by arm, stream and groups, so that no row leaves the database. An arm is what the record calls
-- its variant, or the name of its version. $5 is the task, $6 each stream's threshold; a score beyond its range takes no part.
-- name: arm_sums
select arm, stream_id, groups, count(*), count(label), count(*) filter (where score >= threshold),
       sum(first) filter (where label is not null), sum(first * first) filter (where label is not null),
       sum(second) filter (where label is not null), sum(second * second) filter (where label is not null),
       sum(third) filter (where label is not null), sum(third * third) filter (where label is not null)
from (
    select arm, stream_id, groups, score, threshold, label,
           case when $5 = 'regression' then (score - label) * (score - label)
                else -ln(least(greatest(case when label = 1 then score else 1 - score end, 2.220446049250313e-16), 1 - 2.220446049250313e-16)) end as first,
           case when $5 = 'regression' then abs(score - label) else (score - label) * (score - label) end as second,
           case when (score >= threshold) = (label = 1) then 1.0 else 0.0 end as third
    from (
        select p.stream_id, p.groups, p.score, s.threshold, coalesce(p.variant, s.version) as arm, l.label
        from evenkeel.prediction p
        join unnest($1::bigint[], $2::text[], $6::float8[]) as s (stream_id, version, threshold) on s.stream_id = p.stream_id
        left join lateral (
            select label from evenkeel.label
            where stream_id = p.stream_id and record_id = p.record_id and prediction_ts = p.ts
            order by ts desc, label_seq desc limit 1
        ) l on true
        where p.stream_id = any ($1::bigint[]) and p.ts >= $3 and p.ts < $4 and p.error is null and p.score is not null
          and ($5 = 'regression' or p.score between 0 and 1)
    ) r
) losses
group by arm, stream_id, groups

-- Labelled rows with their features, the newest of a stretch of event time: columns as shadow_predictions has them, and the time.
-- name: training_rows
select p.record_id, p.features, p.score, p.groups, false, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, l.label, null, p.ts
from evenkeel.prediction p
join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts
    order by ts desc, label_seq desc limit 1
) l on true
where p.stream_id = $1 and p.ts >= $2 and p.ts < $3 and p.error is null and p.features is not null
order by p.ts desc, p.record_id limit $4
