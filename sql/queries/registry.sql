-- name: find_version
select v.version_id, s.stream_id, m.name, v.version, v.stage, v.schema::text, v.reference_rows, v.registered_at, m.home_stream_id, v.watch::text,
       (select json_object_agg(g.segment, g.stream_id)::text from evenkeel.stream g where g.version_id = v.version_id and g.segment <> '')
from evenkeel.model m
join evenkeel.model_version v on v.model_id = m.model_id
join evenkeel.stream s on s.version_id = v.version_id and s.lane = 0 and s.segment = ''
where m.name = $1 and v.version = $2

-- name: list_versions
select v.version_id, s.stream_id, m.name, v.version, v.stage, v.schema::text, v.reference_rows, v.registered_at, m.home_stream_id, v.watch::text,
       (select json_object_agg(g.segment, g.stream_id)::text from evenkeel.stream g where g.version_id = v.version_id and g.segment <> '')
from evenkeel.model m
join evenkeel.model_version v on v.model_id = m.model_id
join evenkeel.stream s on s.version_id = v.version_id and s.lane = 0 and s.segment = ''
order by m.name, v.registered_at, v.version_id

-- name: find_model
select model_id, home_stream_id from evenkeel.model where name = $1

-- name: any_version
select v.schema::text from evenkeel.model m join evenkeel.model_version v on v.model_id = m.model_id where m.name = $1 limit 1

-- name: next_ids
select (select coalesce(max(model_id), 0) + 1 from evenkeel.model),
       (select coalesce(max(version_id), 0) + 1 from evenkeel.model_version),
       (select coalesce(max(stream_id), 0) + 1 from evenkeel.stream)

-- name: insert_model
insert into evenkeel.model (model_id, name, home_stream_id, created_at) values ($1, $2, $3, $4)

-- name: insert_version
insert into evenkeel.model_version (version_id, model_id, version, stage, schema, reference_rows, registered_at, watch)
values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb)

-- name: insert_stream
insert into evenkeel.stream (stream_id, version_id, lane, segment) values ($1, $2, 0, $3)

-- name: insert_feature
insert into evenkeel.feature (version_id, position, name, kind)
select $1::bigint, position - 1, name, kind from unnest($2::text[], $3::text[]) with ordinality as f (name, kind, position)

-- name: insert_reference
insert into evenkeel.reference_profile (version_id, grid, profile) values ($1, $2, $3)

-- name: insert_variation
insert into evenkeel.reference_variation (version_id, window_kind, data) values ($1, $2, $3)

-- name: insert_segment_reference
insert into evenkeel.segment_reference (stream_id, what, data) values ($1, $2, $3)

-- name: find_segment_references
select s.segment, s.stream_id, r.what, r.data from evenkeel.stream s join evenkeel.segment_reference r on r.stream_id = s.stream_id
where s.version_id = $1 and s.segment <> ''

-- name: find_reference
select r.grid, r.profile, (v.schema -> 'segments')::text from evenkeel.reference_profile r
join evenkeel.model_version v on v.version_id = r.version_id
where r.version_id = $1

-- name: find_variations
select window_kind, data from evenkeel.reference_variation where version_id = $1

-- name: set_watch
update evenkeel.model_version set watch = $2::jsonb where version_id = $1

-- name: set_stage
update evenkeel.model_version set stage = $2, retired_at = $3 where version_id = $1

-- name: demote_champion
update evenkeel.model_version set stage = 'candidate' where model_id = $1 and stage = 'champion' and version_id <> $2
