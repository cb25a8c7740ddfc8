-- name: model_streams
select s.stream_id, v.version_id from evenkeel.model_version v
join evenkeel.stream s on s.version_id = v.version_id and s.segment = ''
where v.model_id = $1
order by s.stream_id

-- name: predictions_by_id
select p.record_id, p.ts, p.score, p.prediction, p.groups, p.error is not null, p.extra ->> 'levels', p.segments
from (select distinct unnest($2::text[]) as record_id) w
cross join lateral (
    select record_id, ts, score, prediction, groups, error, extra, segments from evenkeel.prediction
    where stream_id = $1 and record_id = w.record_id
    offset 0
) p

-- name: labels_of_predictions
select l.record_id, l.ts, l.label_seq, l.label, l.prediction_ts from unnest($2::text[], $3::timestamptz[]) as p (record_id, ts)
cross join lateral (
    select record_id, ts, label_seq, label, prediction_ts from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts
    offset 0
) l
order by l.record_id, l.ts, l.label_seq

-- name: insert_labels
insert into evenkeel.label (stream_id, record_id, ts, label_seq, label, prediction_ts, received_at, joined_batch)
select $1::bigint, record_id, ts, seq, label, prediction_ts, $7::timestamptz, joined_batch
from unnest($2::text[], $3::timestamptz[], $4::bigint[], $5::float8[], $6::timestamptz[], $8::bigint[])
    as l (record_id, ts, seq, label, prediction_ts, joined_batch)

-- name: insert_waiting
insert into evenkeel.label_waiting (stream_id, record_id, ts, label_seq, label, received_at)
select $1::bigint, record_id, ts, seq, label, $6::timestamptz
from unnest($2::text[], $3::timestamptz[], $4::bigint[], $5::float8[]) as l (record_id, ts, seq, label)

-- name: has_waiting
select 1 from evenkeel.label_waiting where stream_id = $1 limit 1

-- name: waiting_labels
select l.record_id, l.ts, l.label_seq, l.label, l.ts
from (select distinct unnest($2::text[]) as record_id) w
cross join lateral (
    select record_id, ts, label_seq, label from evenkeel.label_waiting
    where stream_id = $1 and record_id = w.record_id
    offset 0
) l
order by l.record_id, l.ts, l.label_seq

-- name: take_waiting
delete from evenkeel.label_waiting where stream_id = $1 and record_id = any ($2::text[])

-- name: joined_labels
select l.record_id, l.ts, l.label_seq, l.label, l.prediction_ts
from (select distinct unnest($2::text[]) as record_id) w
cross join lateral (
    select record_id, ts, label_seq, label, prediction_ts from evenkeel.label
    where stream_id = $1 and record_id = w.record_id
    offset 0
) l
order by l.record_id, l.ts, l.label_seq
