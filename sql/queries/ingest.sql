-- name: lock_stream
select pg_advisory_xact_lock(1163282245, $1::int)

-- name: lock_model
select pg_advisory_xact_lock(1163282246, hashtext($1))

-- name: find_batch
select accepted, duplicates, fingerprint from evenkeel.batch where stream_id = $1 and batch_key = $2

-- name: keep_batch
insert into evenkeel.batch (stream_id, batch_key, fingerprint, batch_id, received_at, accepted, duplicates)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (stream_id, batch_key) do update set accepted = excluded.accepted, duplicates = excluded.duplicates

-- name: next_batch_id
select nextval('evenkeel.batch_seq')

-- One look into the index for each id, whatever the planner thinks of the table: "offset 0" keeps it from turning the join round.
-- name: existing_records
select p.record_id, p.ts from unnest($2::text[]) as w (record_id)
cross join lateral (
    select record_id, ts from evenkeel.prediction
    where stream_id = $1 and record_id = w.record_id and ts >= $3 and ts <= $4
    offset 0
) p

-- Whether a stream has records of a stretch of time that is one partition.
-- name: has_records
select exists (select from evenkeel.prediction where stream_id = $1 and ts >= $2 and ts < $3)

-- name: load_levels
select attribute, code, value from evenkeel.level where stream_id = $1

-- name: insert_levels
insert into evenkeel.level (stream_id, attribute, code, value)
select $1::bigint, attribute, code, value from unnest($2::int[], $3::int[], $4::text[]) as l (attribute, code, value)

-- name: prices_of_version
select watch ->> 'prices' from evenkeel.model_version where version_id = $1

-- name: windows_of_version
select jsonb_array_elements_text(watch -> 'windows') from evenkeel.model_version where version_id = $1

-- name: mark_dirty
insert into evenkeel.dirty_window (version_id, window_kind, window_start, window_end, batch_id, touched_at, marked_at)
select $1::bigint, w.*, $5::bigint, $6::timestamptz, $6::timestamptz from unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) as w
on conflict (version_id, window_kind, window_start)
do update set batch_id = excluded.batch_id, touched_at = excluded.touched_at
