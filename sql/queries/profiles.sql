-- name: profiles_in_window
select data, bucket, width_seconds, part from evenkeel.profile
where stream_id = $1 and bucket >= $2 and bucket < $3 and (bucket, width_seconds, part) > ($4::timestamptz, $5::int, $6::bigint)
order by bucket, width_seconds, part
limit $7

-- Null for a window that is part of a day which has become one sum, or that retention has deleted.
-- name: rows_in_windows
select case
    when w.start < coalesce((select profiles_from from evenkeel.stream where stream_id = $1), '-infinity') then null
    when $3::bigint < 86400 and exists (
        select 1 from evenkeel.profile
        where stream_id = $1 and width_seconds = 86400
          and bucket = date_bin('1 day', w.start, timestamptz '2000-01-01 00:00:00+00')) then null
    else (
        select coalesce(sum(rows), 0)::bigint from evenkeel.profile
        where stream_id = $1 and bucket >= w.start and bucket < w.start + $3::bigint * interval '1 second')
    end
from unnest($2::timestamptz[]) with ordinality as w (start, place)
order by w.place

-- How long after the end of an hour its first records came, in whole seconds, at most: 0 of a live stream, half a day of a
-- nightly file.
-- name: arrival_lag
select case when count(*) > 0 then greatest(0, max(h.lag))::bigint end from (
    select ceil(extract(epoch from min(coalesce(first_stored_at, stored_at)) - date_bin('1 hour', bucket, timestamptz '2000-01-01 00:00:00+00'))) - 3600 as lag
    from evenkeel.profile where stream_id = $1 and width_seconds <= 3600 and bucket >= $2
    group by date_bin('1 hour', bucket, timestamptz '2000-01-01 00:00:00+00')
) h

-- name: row_buckets
select bucket, width_seconds, sum(rows)::bigint from evenkeel.profile
where stream_id = $1 and bucket > $2::timestamptz - interval '1 day' and bucket < $3 and bucket + width_seconds * interval '1 second' > $2
group by bucket, width_seconds having sum(rows) > 0
order by bucket, width_seconds desc limit $4

-- Windows by rows do not overlap: of those that begin before the stretch only the last can reach into it. The clocks of database and service may
-- differ by a little, and a transaction's time is that of its beginning.
-- name: changed_row_windows
select e.window_kind, e.window_start, e.window_end from unnest($2::text[]) as k (kind)
cross join lateral (
    (select distinct on (window_start, window_end) window_kind, window_start, window_end, evaluated_at from evenkeel.evaluation
     where stream_id = $1 and window_kind = k.kind and window_start >= $3 and window_start < $4
     order by window_start, window_end, evaluated_at desc)
    union all
    (select window_kind, window_start, window_end, evaluated_at from evenkeel.evaluation
     where stream_id = $1 and window_kind = k.kind and window_start < $3
     order by window_start desc, window_end desc, evaluated_at desc limit 1)) e
where e.window_end > $3 and exists (
    select 1 from evenkeel.profile p
    where p.stream_id = $1 and p.bucket >= e.window_start and p.bucket < e.window_end and p.stored_at > e.evaluated_at - interval '10 seconds')
order by e.window_end

-- name: bucket_span
select (select min(bucket) from evenkeel.profile where stream_id = $1), max(coalesce(newest, bucket))
from evenkeel.profile
where stream_id = $1
  and bucket >= (select date_bin('1 hour', max(bucket), timestamptz '2000-01-01 00:00:00+00') from evenkeel.profile where stream_id = $1)

-- name: unanswerable
select max(p.width_seconds), (select profiles_from from evenkeel.stream where stream_id = $1)
from evenkeel.profile p
where p.stream_id = $1
  and ((bucket < $2 and bucket >= $2 - interval '1 day' and bucket + width_seconds * interval '1 second' > $2)
    or (bucket < $3 and bucket >= $3 - interval '1 day' and bucket + width_seconds * interval '1 second' > $3))

-- A second compactor of the same stream waits. Writers take no part in it: what is merged is what the deletion returns.
-- name: lock_compaction
select pg_advisory_xact_lock(1163282247, $1::int)

-- name: crowded_buckets
select bucket from evenkeel.profile
where stream_id = $1 and width_seconds = $2
group by bucket having count(*) > $3
order by bucket limit $4

-- Hours with minutes that are old enough, or that came after the hour had become one sum.
-- name: compactable_hours
select h.hour from (
    -- When its first records came: labels that trickle in for weeks keep no minutes.
    select date_bin('1 hour', bucket, timestamptz '2000-01-01 00:00:00+00') as hour, min(stored_at) as stored_at
    from evenkeel.profile where stream_id = $1 and width_seconds = 60 and bucket < $2 group by 1
) h
where $3::timestamptz is null or h.stored_at < $3
    or exists (select from evenkeel.profile o where o.stream_id = $1 and o.width_seconds = 3600 and o.bucket = h.hour)
order by h.hour limit $4

-- Days with hours that are old enough, or that came after the day had become one sum.
-- name: compactable_days
select h.day from (
    select date_bin('1 day', bucket, timestamptz '2000-01-01 00:00:00+00') as day, max(stored_at) as stored_at
    from evenkeel.profile where stream_id = $1 and width_seconds = 3600 and bucket < $2 group by 1
) h
left join (select bucket from evenkeel.profile where stream_id = $1 and width_seconds = 86400) d on d.bucket = h.day
where h.stored_at < $3 or d.bucket is not null
order by h.day limit $4

-- name: take_parts
delete from evenkeel.profile
where stream_id = $1 and (bucket, width_seconds, part) in (
    select bucket, width_seconds, part from evenkeel.profile
    where stream_id = $1 and bucket >= $2 and bucket < $3 and width_seconds <= $4
    order by width_seconds desc, bucket, part limit $5)
returning data, part, stored_at, coalesce(first_stored_at, stored_at), coalesce(newest, bucket)

-- name: insert_sum
insert into evenkeel.profile (stream_id, bucket, width_seconds, part, rows, labelled, data, stored_at, first_stored_at, newest)
values ($1, $2::timestamptz, $3, $4, $5, $6, $7, $8::timestamptz, nullif($9::timestamptz, $8::timestamptz), nullif($10::timestamptz, $2::timestamptz))

-- name: dirty_windows
select version_id, window_kind, window_start, window_end, batch_id, touched_at, marked_at from evenkeel.dirty_window
where window_end <= $1 and (window_end, version_id, window_kind) > ($3::timestamptz, $4::bigint, $5::text)
order by window_end, version_id, window_kind limit $2

-- name: clear_dirty
delete from evenkeel.dirty_window d using unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bigint[])
    as c (version_id, window_kind, window_start, batch_id)
where d.version_id = c.version_id and d.window_kind = c.window_kind and d.window_start = c.window_start and d.batch_id = c.batch_id
