-- name: model_streams
select s.stream_id, v.version_id from evenkeel.model_version v
join evenkeel.stream s on s.version_id = v.version_id
where v.model_id = $1
order by s.stream_id

-- name: predictions_by_id
select record_id, ts, score, prediction, groups, error is not null, extra ->> 'levels' from evenkeel.prediction
where stream_id = $1 and record_id = any ($2::text[])

-- name: labels_of_predictions
select l.record_id, l.ts, l.label_seq, l.label, l.prediction_ts from evenkeel.label l
join unnest($2::text[], $3::timestamptz[]) as p (record_id, ts) on p.record_id = l.record_id and p.ts = l.prediction_ts
where l.stream_id = $1
order by l.record_id, l.ts, l.label_seq

-- name: insert_labels
insert into evenkeel.label (stream_id, record_id, ts, label_seq, label, prediction_ts, received_at)
select $1::bigint, record_id, ts, seq, label, prediction_ts, $7::timestamptz
from unnest($2::text[], $3::timestamptz[], $4::bigint[], $5::float8[], $6::timestamptz[]) as l (record_id, ts, seq, label, prediction_ts)

-- name: insert_waiting
insert into evenkeel.label_waiting (stream_id, record_id, ts, label_seq, label, received_at)
select $1::bigint, record_id, ts, seq, label, $6::timestamptz
from unnest($2::text[], $3::timestamptz[], $4::bigint[], $5::float8[]) as l (record_id, ts, seq, label)

-- name: waiting_labels
select record_id, ts, label_seq, label, ts from evenkeel.label_waiting
where stream_id = $1 and record_id = any ($2::text[])
order by record_id, ts, label_seq

-- name: take_waiting
delete from evenkeel.label_waiting where stream_id = $1 and record_id = any ($2::text[])

-- name: joined_labels
select record_id, ts, label_seq, label, prediction_ts from evenkeel.label
where stream_id = $1 and record_id = any ($2::text[])
order by record_id, ts, label_seq
