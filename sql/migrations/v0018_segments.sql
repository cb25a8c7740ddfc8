-- Segments: declared parts of a version's records. Each is a stream of sums, evaluations and results of its own, so that whatever reads a
-- stream can read a segment; rows and labels stay with the version's stream.

-- The name of the segment; empty for the whole.
alter table evenkeel.stream add column segment text not null default '';
alter table evenkeel.stream drop constraint stream_version_id_lane_key;
alter table evenkeel.stream add constraint stream_version_id_lane_segment_key unique (version_id, lane, segment);

-- What the reference is within a segment, on the version's grid. A small lookup table, as the reference's own.
create table evenkeel.segment_reference (
    stream_id       bigint      not null references evenkeel.stream (stream_id),
    -- 'profile', or the kind of window whose natural variation it is.
    what            text        not null,
    data            bytea       not null,
    primary key (stream_id, what)
);

-- A bit for each segment that the record belongs to, in the order of the version's schema: its label, which may come when the features are
-- gone, is counted there too. Null where the version has no segments.
alter table evenkeel.prediction add column segments int;

-- The views of results are of whole versions, as before; segments have one of their own.
create or replace view evenkeel.newest_evaluation as
select e.stream_id, e.window_kind, e.window_start, e.window_end, e.evaluated_at, m.name as model, v.version, e.rows, e.labelled, e.baseline,
       s.segment
from evenkeel.evaluation e
join evenkeel.stream s on s.stream_id = e.stream_id
join evenkeel.model_version v on v.version_id = s.version_id
join evenkeel.model m on m.model_id = v.model_id
where not exists (
    select from evenkeel.evaluation later
    where later.stream_id = e.stream_id and later.window_kind = e.window_kind and later.window_start = e.window_start
      and later.window_end = e.window_end and later.evaluated_at > e.evaluated_at);

create or replace view evenkeel.grafana_volume as
select window_start as time, window_end, window_kind, model, version, rows as predictions, labelled,
       labelled::float8 / nullif(rows, 0) as label_coverage, baseline, evaluated_at
from evenkeel.newest_evaluation
where segment = '';

create or replace view evenkeel.grafana_results with (security_barrier) as
select e.window_start as time, e.window_end, e.window_kind, e.model, e.version, r.monitor, r.subject, r.statistic,
       r.value, r.lower, r.upper, r.p_value, r.p_adjusted, r.reference_count, r.current_count, r.verdict, e.evaluated_at
from evenkeel.newest_evaluation e
join evenkeel.result r on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start
    and r.window_end = e.window_end and r.evaluated_at = e.evaluated_at
where r.group_name = '' and e.segment = '';

create or replace view evenkeel.grafana_group_results as
select e.window_start as time, e.window_end, e.window_kind, e.model, e.version, r.monitor, r.subject, r.group_name, r.statistic,
       r.value, r.lower, r.upper, r.current_count, r.verdict, e.evaluated_at
from evenkeel.newest_evaluation e
join evenkeel.result r on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start
    and r.window_end = e.window_end and r.evaluated_at = e.evaluated_at
where r.group_name <> '' and e.segment = '';

-- Protected, as grafana_group_results: a segment may be a group.
create view evenkeel.grafana_segment_results as
select e.window_start as time, e.window_end, e.window_kind, e.model, e.version, e.segment, r.monitor, r.subject, r.group_name, r.statistic,
       r.value, r.lower, r.upper, r.p_value, r.p_adjusted, r.reference_count, r.current_count, r.verdict, e.rows, e.labelled, e.evaluated_at
from evenkeel.newest_evaluation e
join evenkeel.result r on r.stream_id = e.stream_id and r.window_kind = e.window_kind and r.window_start = e.window_start
    and r.window_end = e.window_end and r.evaluated_at = e.evaluated_at
where e.segment <> '';
