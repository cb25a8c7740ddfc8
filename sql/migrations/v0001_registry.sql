-- Who is watched: models, their versions, their lanes, and the frozen reference of each version.
-- Small lookup tables: on Citus they become reference tables, so nothing here has a trigger or an identity.

create table evenkeel.model (
    model_id        bigint      primary key,
    name            text        not null unique check (length(name) between 1 and 200),
    -- Where labels wait that no prediction has claimed yet: the first lane of the model's first version.
    home_stream_id  bigint      not null,
    created_at      timestamptz not null
);

create table evenkeel.model_version (
    version_id      bigint      primary key,
    model_id        bigint      not null references evenkeel.model (model_id),
    version         text        not null check (length(version) between 1 and 200),
    stage           text        not null check (stage in ('champion', 'candidate', 'retired')),
    -- The feature schema and the other choices of registration, as JSON (Vocabulary/ModelSpec.swift).
    schema          jsonb       not null,
    reference_rows  bigint      not null,
    registered_at   timestamptz not null,
    retired_at      timestamptz,
    unique (model_id, version)
);

-- A stream is one lane of one model version; every big table is keyed by it first, so that lanes spread over shards.
create table evenkeel.stream (
    stream_id       bigint      primary key,
    version_id      bigint      not null references evenkeel.model_version (version_id),
    lane            int         not null check (lane >= 0),
    unique (version_id, lane)
);

create table evenkeel.feature (
    version_id      bigint      not null references evenkeel.model_version (version_id),
    -- The place in prediction.features, from 0.
    position        int         not null,
    name            text        not null,
    kind            text        not null check (kind in ('numeric', 'categorical')),
    primary key (version_id, position),
    unique (version_id, name)
);

-- The grid on which every profile of the version is counted, and the reference's own profile on it.
create table evenkeel.reference_profile (
    version_id      bigint      primary key references evenkeel.model_version (version_id),
    grid            bytea       not null,
    profile         bytea       not null
);
