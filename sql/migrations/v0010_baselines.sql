-- What windows are compared with, and how far windows of a reference differ among themselves.

-- Only of references with times, and only of the kinds of window of which there are enough. A small lookup table, as the reference's own.
create table evenkeel.reference_variation (
    version_id      bigint      not null references evenkeel.model_version (version_id),
    window_kind     text        not null,
    data            bytea       not null,
    primary key (version_id, window_kind)
);

-- What moved most: bins, levels, groups, features, each with what it was and is.
alter table evenkeel.result add column drivers jsonb;

-- frozen, rolling or seasonal.
alter table evenkeel.evaluation add column baseline text not null default 'frozen';
