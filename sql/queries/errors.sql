-- name: start_error_run
insert into evenkeel.error_run (stream_id) values ($1) on conflict (stream_id) do nothing

-- Whether a label waits for the detectors of a stream; where there is no run yet, any label does.
-- name: has_errors_waiting
select 1 from evenkeel.label
where stream_id = $1 and joined_batch is not null
  and (joined_batch, label_seq) > (
    coalesce((select joined_batch from evenkeel.error_run where stream_id = $1), 0),
    coalesce((select label_seq from evenkeel.error_run where stream_id = $1), 0))
limit 1

-- Another service that is at it goes on alone.
-- name: lock_error_run
select joined_batch, label_seq, state, followed, skipped from evenkeel.error_run where stream_id = $1 for update skip locked

-- A prediction that retention has dropped has no columns, but its label has its place.
-- name: joined_errors
select l.joined_batch, l.label_seq, l.label, p.ts, p.score, p.prediction
from (
    select joined_batch, label_seq, label, record_id, prediction_ts from evenkeel.label
    where stream_id = $1 and joined_batch is not null and (joined_batch, label_seq) > ($2, $3) and joined_batch <= $4
    order by joined_batch, label_seq limit $5
) l
left join lateral (
    select ts, score, prediction from evenkeel.prediction
    where stream_id = $1 and record_id = l.record_id and ts = l.prediction_ts
    offset 0
) p on true
order by l.joined_batch, l.label_seq

-- name: step_error_run
update evenkeel.error_run set joined_batch = $2, label_seq = $3, state = $4::bytea, followed = $5, skipped = $6, stepped_at = $7
where stream_id = $1

-- name: last_error_changes
select detector, max(number) from evenkeel.error_change where stream_id = $1 group by detector

-- name: insert_error_changes
insert into evenkeel.error_change (stream_id, detector, number, ts, followed, began_at, error_before, count_before, error_after,
    count_after, detected_at)
select $1::bigint, c.*, $11::timestamptz
from unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::float8[], $8::bigint[], $9::float8[],
    $10::bigint[]) as c (detector, number, ts, followed, began_at, error_before, count_before, error_after, count_after)

-- The newest first.
-- name: error_changes
select stream_id, detector, number, ts, followed, began_at, error_before, count_before, error_after, count_after, detected_at
from evenkeel.error_change
where stream_id = any ($1::bigint[]) and ts >= $2 and ts < $3 and detected_at <= $4
order by detected_at desc, stream_id desc, detector desc, number desc
offset $5 limit $6

-- What `/metrics` tells: a detector's changes so far, and the time of the newest.
-- name: error_change_totals
select distinct on (stream_id, detector) stream_id, detector, number, ts from evenkeel.error_change
order by stream_id, detector, number desc

-- The newest change of a detector stays, so that its number goes on.
-- name: forget_error_changes
delete from evenkeel.error_change
where stream_id = $3 and (detector, number) in (
    select c.detector, c.number from evenkeel.error_change c
    join (select detector, max(number) as newest from evenkeel.error_change where stream_id = $3 group by detector) n
      on n.detector = c.detector
    where c.stream_id = $3 and c.detected_at < $1 and c.number < n.newest limit $2)
