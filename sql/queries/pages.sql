-- name: fleet_versions
-- Every model with the versions that serve or run beside; without their schemas.
select m.name, v.version, v.stage, s.stream_id, jsonb_array_length(v.schema -> 'features'), v.registered_at
from evenkeel.model m
join evenkeel.model_version v on v.model_id = m.model_id
join evenkeel.stream s on s.version_id = v.version_id and s.lane = 0 and s.segment = ''
where v.stage <> 'retired'
order by m.name, v.registered_at, v.version_id
limit $1

-- name: fleet_segments
-- Beside the streams of the wholes those of their segments.
select w.stream_id, g.segment, g.stream_id
from evenkeel.stream w
join evenkeel.stream g on g.version_id = w.version_id and g.lane = w.lane and g.segment <> ''
where w.stream_id = any($1::bigint[]) and w.segment = ''
order by w.stream_id, g.stream_id

-- name: versions_of_model
select v.version_id, s.stream_id, m.name, v.version, v.stage, v.schema::text, v.reference_rows, v.registered_at, m.home_stream_id, v.watch::text,
       (select json_object_agg(g.segment, g.stream_id)::text from evenkeel.stream g where g.version_id = v.version_id and g.segment <> '')
from evenkeel.model m
join evenkeel.model_version v on v.model_id = m.model_id
join evenkeel.stream s on s.version_id = v.version_id and s.lane = 0 and s.segment = ''
where m.name = $1
order by v.registered_at desc, v.version_id desc
limit $2

-- name: stream_head
-- The newest minute of a stream, and of each kind of window the newest evaluation. Each part reads one entry of a key.
select 'data', max(coalesce(newest, bucket)), null::timestamptz, null::timestamptz, null::bigint, null::bigint
from evenkeel.profile
where stream_id = $1
  and bucket >= (select date_bin('1 hour', max(bucket), timestamptz '2000-01-01 00:00:00+00') from evenkeel.profile where stream_id = $1)
union all
select e.* from unnest($2::text[]) as k (kind)
cross join lateral (
    select window_kind, window_start, window_end, evaluated_at, rows, labelled from evenkeel.evaluation
    where stream_id = $1 and window_kind = k.kind order by window_start desc, window_end desc, evaluated_at desc limit 1) e

-- name: windows_in_range
-- Of each window the newest evaluation, the newest window first.
select distinct on (window_start, window_end) window_kind, window_start, window_end, evaluated_at, rows, labelled
from evenkeel.evaluation
where stream_id = $1 and window_kind = $2 and window_end > $3 and window_start < $4
order by window_start desc, window_end desc, evaluated_at desc
limit $5

-- name: numbers_of_evaluations
select e.place - 1, r.monitor, r.subject, r.group_name, r.statistic, r.value, r.p_value, r.verdict
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
    with ordinality as e (stream_id, window_kind, window_start, window_end, evaluated_at, place)
join evenkeel.result r using (stream_id, window_kind, window_start, window_end, evaluated_at)
order by e.place, r.monitor, r.subject, r.statistic, r.group_name

-- name: marks_of_evaluations
-- What each monitor says of each subject. Ranks: 10 and more for those that had enough data, 14 for a finding.
select place - 1, monitor, subject, max(rank) filter (where statistic <> 'missing_ratio'), max(rank) filter (where statistic = 'missing_ratio')
from (
    select e.place, r.monitor, r.subject, r.statistic,
        case r.verdict when 'drifted' then 14 when 'unfair' then 14 when 'negligible' then 11 when 'ok' then 10 when 'fair' then 10
            when 'insufficient' then 3 when 'no_data' then 2 end as rank
    from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        with ordinality as e (stream_id, window_kind, window_start, window_end, evaluated_at, place)
    join evenkeel.result r using (stream_id, window_kind, window_start, window_end, evaluated_at)
    where r.verdict is not null
) m
group by place, monitor, subject
limit $6

-- name: findings_of_evaluations
-- The findings that weigh most, of each evaluation at most so many: first what has a verdict, the worst first.
select place, monitor, subject, group_name, statistic, value, lower, upper, p_value, p_adjusted, reference_count, current_count, verdict, why,
    drivers
from (
    select e.place - 1 as place, r.*, row_number() over (
        partition by e.place
        order by case r.verdict when 'drifted' then 0 when 'unfair' then 0 when 'negligible' then 1 when 'ok' then 2 when 'fair' then 2
            else 3 end, r.p_adjusted nulls last, abs(r.value) desc nulls last, r.monitor collate "C", r.subject collate "C", r.statistic collate "C") as position
    from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        with ordinality as e (stream_id, window_kind, window_start, window_end, evaluated_at, place)
    join evenkeel.result r using (stream_id, window_kind, window_start, window_end, evaluated_at)
    where r.group_name = '' and r.verdict is not null and ($7::text is null or r.subject = $7)
) f
where position <= $6
order by place, position

-- name: worst_findings
-- Of each monitor and subject the finding that weighs most, over all these windows.
select distinct on (r.monitor, r.subject) e.place - 1, r.monitor, r.subject, r.group_name, r.statistic, r.value, r.lower, r.upper, r.p_value,
    r.p_adjusted, r.reference_count, r.current_count, r.verdict, r.why, r.drivers
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
    with ordinality as e (stream_id, window_kind, window_start, window_end, evaluated_at, place)
join evenkeel.result r using (stream_id, window_kind, window_start, window_end, evaluated_at)
where r.verdict in ('drifted', 'unfair')
order by r.monitor, r.subject, r.p_adjusted nulls last, abs(r.value) desc nulls last, e.place, r.statistic collate "C"
limit $6

-- name: statistics_of_evaluations
-- Everything that the monitors say of these windows.
select e.place - 1, r.monitor, r.subject, r.group_name, r.statistic, r.value, r.lower, r.upper, r.p_value, r.p_adjusted, r.reference_count,
    r.current_count, r.verdict, r.why, r.drivers
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
    with ordinality as e (stream_id, window_kind, window_start, window_end, evaluated_at, place)
join evenkeel.result r using (stream_id, window_kind, window_start, window_end, evaluated_at)
where r.monitor = any($6::text[]) and ($7::text is null or r.subject = $7) and ($8 or r.group_name = '')
order by e.place, r.monitor, r.subject, r.statistic, r.group_name
limit $9

-- name: recent_values
-- One statistic of each of these streams over its newest windows: what a sparkline shows.
select distinct on (s.place, e.window_start) s.place - 1, e.window_start, r.value, r.verdict
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
    with ordinality as s (stream_id, window_kind, first, last, monitor, subject, statistic, place)
join evenkeel.evaluation e
    on e.stream_id = s.stream_id and e.window_kind = s.window_kind and e.window_start >= s.first and e.window_start <= s.last
join evenkeel.result r
    on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start and r.window_end = e.window_end
    and r.evaluated_at = e.evaluated_at and r.monitor = s.monitor and r.subject = s.subject and r.group_name = ''
    and r.statistic = s.statistic
order by s.place, e.window_start, e.evaluated_at desc

-- name: alerts_page
select alert_id, model, version, monitor, policy, severity, state, memory::text, summary, detail::text, started_at, fired_at,
       resolved_at, acknowledged_at, acknowledged_by
from evenkeel.alert where state <> 'pending' and ($1::text is null or model = $1) order by alert_id desc limit $2

-- name: deliveries_of_alerts
select d.delivery_id, d.destination, d.message_id, d.type, d.state, d.attempts, d.last_status, d.last_error, d.created_at, d.next_attempt_at,
       d.sent_at, a.model, a.alert_id
from evenkeel.delivery d
cross join lateral unnest(case when d.alert_ids = '{}' then array[d.alert_id] else d.alert_ids end) as about (alert_id)
join evenkeel.alert a on a.alert_id = about.alert_id
where a.alert_id = any($1::bigint[]) order by d.delivery_id desc limit $2
