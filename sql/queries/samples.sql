-- name: calm_windows
-- The newest windows of a kind in whose newest evaluation a monitor judged, and found nothing.
select e.window_start, e.window_end, e.rows from evenkeel.evaluation e
where e.stream_id = $1 and e.window_kind = $2 and e.window_end <= $3 and e.window_start >= $4
  and not exists (
    select from evenkeel.evaluation later
    where later.stream_id = $1 and later.window_kind = $2 and later.window_start = e.window_start and later.window_end = e.window_end
      and later.evaluated_at > e.evaluated_at)
  and (
    select count(*) filter (where r.verdict in ('drifted', 'unfair')) = 0 and count(*) filter (where r.verdict in ('ok', 'negligible', 'fair')) > 0
    from evenkeel.result r
    where r.stream_id = $1 and r.window_kind = $2 and r.window_start = e.window_start and r.window_end = e.window_end
      and r.evaluated_at = e.evaluated_at and r.monitor = $5)
order by e.window_end desc, e.window_start desc limit $6

-- name: sample_rows
-- The rows stored whole whose ids have the smallest SHA-256, of some stretches of time: the same ones on every machine and in every run. Columns as
-- shadow_predictions has them.
select p.record_id, p.features, p.score, p.groups, false, p.extra ->> 'levels', p.extra ->> 'scores', p.latency, l.label, null, p.cost,
       p.segments
from unnest($2::timestamptz[], $3::timestamptz[]) as s (lower, upper)
join evenkeel.prediction p on p.stream_id = $1 and p.ts >= s.lower and p.ts < s.upper
left join lateral (
    select label from evenkeel.label
    where $5::boolean and stream_id = $1 and record_id = p.record_id and prediction_ts = p.ts
    order by ts desc, label_seq desc limit 1
) l on true
where p.error is null and octet_length(p.features) > 0 and ($4::int is null or p.segments >> $4 & 1 = 1) and (not $5::boolean or l.label is not null)
order by sha256(convert_to(p.record_id, 'UTF8')), p.record_id, p.ts limit $6
