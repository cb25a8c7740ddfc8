-- name: waiting_halves
select h.event_id, h.version, h.ts, h.is_timed, h.data
from (select distinct unnest($2::text[]) as event_id) w
cross join lateral (
    select event_id, version, ts, is_timed, data from evenkeel.half
    where stream_id = $1 and event_id = w.event_id
    offset 0
) h

-- name: take_halves
delete from evenkeel.half where stream_id = $1 and event_id = any ($2::text[])

-- name: erase_halves
with gone as (
    delete from evenkeel.half where stream_id = $1 and event_id = any ($2::text[])
    returning octet_length(event_id) + octet_length(data) as bytes
)
select count(*), coalesce(sum(bytes), 0) from gone

-- name: half_total
select halves, bytes from evenkeel.half_total where stream_id = $1

-- name: add_to_half_total
insert into evenkeel.half_total (stream_id, halves, bytes) values ($1, $2, $3)
on conflict (stream_id) do update set halves = half_total.halves + excluded.halves, bytes = half_total.bytes + excluded.bytes

-- name: half_streams
select stream_id from evenkeel.half_total where halves > 0 order by stream_id

-- name: expire_halves
with gone as (
    delete from evenkeel.half where stream_id = $1 and received_at < $2
    returning version, octet_length(event_id) + octet_length(data) as bytes
)
select count(version), count(*) - count(version), coalesce(sum(bytes), 0) from gone
