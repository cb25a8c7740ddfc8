-- What analysts show in Grafana's PostgreSQL data source: names instead of numbers, the time first, of each window only its newest evaluation.
-- No rows and ids of records, and no texts that name groups. A view reads with the rights of its owner, so that a role needs no table.

-- What the views of results are made of.
create view evenkeel.newest_evaluation as
select e.stream_id, e.window_kind, e.window_start, e.window_end, e.evaluated_at, m.name as model, v.version, e.rows, e.labelled, e.baseline
from evenkeel.evaluation e
join evenkeel.stream s on s.stream_id = e.stream_id
join evenkeel.model_version v on v.version_id = s.version_id
join evenkeel.model m on m.model_id = v.model_id
where not exists (
    select from evenkeel.evaluation later
    where later.stream_id = e.stream_id and later.window_kind = e.window_kind and later.window_start = e.window_start
      and later.window_end = e.window_end and later.evaluated_at > e.evaluated_at);

create view evenkeel.grafana_volume as
select window_start as time, window_end, window_kind, model, version, rows as predictions, labelled,
       labelled::float8 / nullif(rows, 0) as label_coverage, baseline, evaluated_at
from evenkeel.newest_evaluation;

-- Every finding but those of single groups. A barrier, so that no function of a reader is shown the values that are left out.
create view evenkeel.grafana_results with (security_barrier) as
select e.window_start as time, e.window_end, e.window_kind, e.model, e.version, r.monitor, r.subject, r.statistic,
       r.value, r.lower, r.upper, r.p_value, r.p_adjusted, r.reference_count, r.current_count, r.verdict, e.evaluated_at
from evenkeel.newest_evaluation e
join evenkeel.result r on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start
    and r.window_end = e.window_end and r.evaluated_at = e.evaluated_at
where r.group_name = '';

-- Protected (docs/security.md): the findings of single groups. A view of its own, so that a role may have the others without it.
create view evenkeel.grafana_group_results as
select e.window_start as time, e.window_end, e.window_kind, e.model, e.version, r.monitor, r.subject, r.group_name, r.statistic,
       r.value, r.lower, r.upper, r.current_count, r.verdict, e.evaluated_at
from evenkeel.newest_evaluation e
join evenkeel.result r on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start
    and r.window_end = e.window_end and r.evaluated_at = e.evaluated_at
where r.group_name <> '';

-- What is registered: for the variables of a dashboard.
create view evenkeel.grafana_models as
select v.registered_at as time, m.name as model, v.version, v.stage, v.reference_rows, v.retired_at
from evenkeel.model_version v join evenkeel.model m on m.model_id = v.model_id;

-- Alerts without their summary, which may name groups. `timeend`, `text` and `tags` are what an annotation asks for.
create view evenkeel.grafana_alerts as
select started_at as time, resolved_at as timeend, alert_id, model, version, monitor, policy, severity, state, fired_at, acknowledged_at,
       model || ' ' || version || ': ' || monitor as text, severity || ',' || monitor as tags
from evenkeel.alert;
create index alert_by_start on evenkeel.alert (started_at);

-- Protected, as grafana_group_results: what the alerts say.
create view evenkeel.grafana_alert_texts as
select started_at as time, alert_id, model, version, monitor, state, summary as text
from evenkeel.alert;

-- How a candidate went beside the champion: at every look that is kept the metric that decides, with the interval that is right at every look.
create view evenkeel.grafana_shadow as
select l.looked_at as time, m.name as model, champion.version as champion, candidate.version as candidate, d.key as metric,
       (d.value ->> 'value')::float8 as value,
       (l.report -> 'sequential' -> d.key -> 'interval' ->> 0)::float8 as lower,
       (l.report -> 'sequential' -> d.key -> 'interval' ->> 1)::float8 as upper,
       l.taken as rows, l.labelled, l.verdict
from evenkeel.shadow_look l
-- Without labels there is no metric yet, but a verdict.
left join lateral json_each(l.report -> 'differences') d on true
join evenkeel.stream s on s.stream_id = l.stream_id
join evenkeel.model_version champion on champion.version_id = s.version_id
join evenkeel.model_version candidate on candidate.version_id = l.candidate_id
join evenkeel.model m on m.model_id = champion.model_id;
