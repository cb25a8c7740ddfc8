-- name: records_page
-- Whole rows with the label that holds now, in the order of the key.
select p.record_id, p.ts, p.features, p.score, p.prediction, p.groups, p.error, p.latency, p.cost, p.extra::text, l.label, p.segments
from (
    select * from evenkeel.prediction
    where stream_id = $1 and (record_id, ts) > ($2, $3::timestamptz)
    order by record_id, ts
    limit $4
) p
left join lateral (
    select label from evenkeel.label
    where stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts
    order by ts desc, label_seq desc
    limit 1
) l on true
order by p.record_id, p.ts

-- name: rows_removed
-- What keeps sums from being those of the rows at hand: rows that were deleted on purpose.
select (select count(*) from evenkeel.prediction_week where dropped_at is not null),
    (select count(*) from evenkeel.audit_log where action = 'erase' and subject = $1),
    (select count(*) from evenkeel.stream where stream_id = $2 and profiles_from is not null)

-- name: server_facts
select current_setting('server_version'), extract(epoch from now()),
    (select count(*) from evenkeel.delivery where state = 'dead'), (select count(*) from evenkeel.delivery where state = 'waiting'),
    (select min(marked_at) from evenkeel.dirty_window where window_end < now()),
    (select count(*) from evenkeel.prediction_week where dropped_at is null and week > now())
