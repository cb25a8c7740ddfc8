-- name: insert_evaluation
insert into evenkeel.evaluation (stream_id, window_kind, window_start, window_end, evaluated_at, rows, labelled, baseline)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: last_evaluated
select max(window_end) from evenkeel.evaluation where stream_id = $1 and window_kind = $2

-- name: latest_evaluation
select window_start, window_end, evaluated_at, rows, labelled, baseline from evenkeel.evaluation
where stream_id = $1 and window_kind = $2 and window_end <= $3
order by window_end desc, evaluated_at desc limit 1

-- name: results_of_evaluation
select monitor, subject, group_name, statistic, value, lower, upper, p_value, p_adjusted, reference_count, current_count, verdict, why,
       drivers
from evenkeel.result
where stream_id = $1 and window_kind = $2 and window_start = $3 and window_end = $4 and evaluated_at = $5
order by monitor, subject, statistic, group_name

-- name: query_results
select window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name, statistic, value, lower, upper,
       p_value, p_adjusted, reference_count, current_count, verdict, why, drivers
from evenkeel.result r
where stream_id = $1
  and ($2::text is null or statistic = $2)
  and ($3::text is null or subject = $3)
  and ($4::timestamptz is null or window_end > $4)
  and ($5::timestamptz is null or window_start < $5)
  and ($6::text is null or window_kind = $6)
  -- Of each window what was known at that time.
  and ($8::timestamptz is null or evaluated_at = (
    select max(e.evaluated_at) from evenkeel.evaluation e
    where e.stream_id = $1 and e.window_kind = r.window_kind and e.window_start = r.window_start and e.window_end = r.window_end
      and e.evaluated_at <= $8))
  -- Numbers of single groups are not for everybody.
  and ($9::boolean or group_name = '')
  and ($10::timestamptz is null or evaluated_at <= $10)
order by window_start desc, window_kind, evaluated_at desc, monitor, subject, statistic, group_name
limit $7 offset $11

-- name: windows_waiting
select count(*) from evenkeel.dirty_window d join evenkeel.model_version v on v.version_id = d.version_id
where d.window_end <= $1 and v.stage <> 'retired'

-- name: windows_waiting_of
select count(*) from evenkeel.dirty_window where version_id = $1 and window_kind = $2 and window_start >= $3 and window_end <= $4
