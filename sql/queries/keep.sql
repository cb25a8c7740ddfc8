-- name: list_partitions
select c.relname, exists (
    -- An earlier version that still runs makes partitions without an index that is unique by id.
    select from pg_index x where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indnkeyatts = 2
        and x.indkey[0] = (select attnum from pg_attribute where attrelid = c.oid and attname = 'stream_id')
        and x.indkey[1] = (select attnum from pg_attribute where attrelid = c.oid and attname = 'record_id'))
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'evenkeel.prediction'::regclass
order by c.relname

-- name: dropped_weeks
select week from evenkeel.prediction_week where dropped_at is not null

-- A week that was removed by hand and comes again is a new one.
-- name: keep_week
insert into evenkeel.prediction_week (week, made_at) values ($1, $2)
on conflict (week) do update set made_at = excluded.made_at

-- name: oldest_week
select week from evenkeel.prediction_week
where dropped_at is null and week <= $1 and made_at <= $2
order by week limit 1

-- name: drop_week
update evenkeel.prediction_week set dropped_at = $2 where week = $1

-- name: weeks_to_clean
select week from evenkeel.prediction_week where dropped_at is not null and cleaned_at is null order by week

-- name: week_cleaned
update evenkeel.prediction_week set cleaned_at = $2 where week = $1

-- name: forget_labels
delete from evenkeel.label where prediction_ts >= $1 and prediction_ts < $2

-- name: forget_waiting
delete from evenkeel.label_waiting where (stream_id, record_id, ts, label_seq) in (
    select stream_id, record_id, ts, label_seq from evenkeel.label_waiting where received_at < $1 limit $2)

-- name: forget_receipts
delete from evenkeel.batch where (stream_id, batch_key) in (
    select stream_id, batch_key from evenkeel.batch where received_at < $1 limit $2)

-- name: forget_results
delete from evenkeel.result
where stream_id = $3 and (window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name, statistic) in (
    select window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name, statistic
    from evenkeel.result where stream_id = $3 and evaluated_at < $1 limit $2)

-- name: forget_evaluations
delete from evenkeel.evaluation
where stream_id = $3 and (window_kind, window_start, window_end, evaluated_at) in (
    select window_kind, window_start, window_end, evaluated_at
    from evenkeel.evaluation where stream_id = $3 and evaluated_at < $1 limit $2)

-- name: forget_deliveries
delete from evenkeel.delivery where delivery_id in (
    select delivery_id from evenkeel.delivery where state <> 'waiting' and created_at < $1 limit $2)

-- name: forget_alerts
delete from evenkeel.alert where alert_id in (
    select alert_id from evenkeel.alert a where state = 'resolved' and resolved_at < $1
      and not exists (select 1 from evenkeel.delivery d where d.alert_id = a.alert_id) limit $2)

-- name: forget_silences
delete from evenkeel.silence where silence_id in (
    select silence_id from evenkeel.silence where until < $1 limit $2)

-- The whole of a day or nothing: a window must not be answered from half of it.
-- name: oldest_profile_day
select date_bin('1 day', bucket, timestamptz '2000-01-01 00:00:00+00') as day from evenkeel.profile
where stream_id = $1 and bucket < $2
group by day having max(stored_at) < $2
order by day limit 1

-- name: forget_profiles
delete from evenkeel.profile where stream_id = $1 and bucket >= $2 and bucket < $3

-- name: keep_profiles_from
update evenkeel.stream set profiles_from = greatest(profiles_from, $2) where stream_id = $1

-- name: forget_old_marks
delete from evenkeel.dirty_window where version_id = $1 and window_start < $2

-- Windows that late records have touched after a day at their end or beginning became one sum: they have no profile of their own any more.
-- name: forget_cut_marks
delete from evenkeel.dirty_window
where version_id = $1 and ((window_start > $2 and window_start < $3) or (window_end > $2 and window_end < $3))

-- name: erase_predictions
delete from evenkeel.prediction where stream_id = $1 and record_id = any ($2::text[])

-- name: erase_labels
delete from evenkeel.label where stream_id = $1 and record_id = any ($2::text[])

-- name: erase_waiting
delete from evenkeel.label_waiting where stream_id = $1 and record_id = any ($2::text[])
