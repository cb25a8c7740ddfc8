-- The sums. Every prediction and every label is in exactly one profile row; a window is the sum of the rows whose bucket lies in it.
-- A batch appends a delta (part = its batch id) to each minute that it touches; compaction replaces many rows by their sum, in place
-- or in a wider bucket. Late data simply adds a new delta. So no row is ever counted twice and nothing must be invalidated.

create table evenkeel.profile (
    stream_id       bigint      not null,
    bucket          timestamptz not null,
    -- 60 a minute, 3600 an hour, 86400 a day.
    width_seconds   int         not null check (width_seconds in (60, 3600, 86400)),
    part            bigint      not null,
    rows            bigint      not null,
    labelled        bigint      not null,
    data            bytea       not null,
    primary key (stream_id, bucket, width_seconds, part)
);

-- Windows in which something changed since they were evaluated last. A queue: local to the coordinator on Citus.
create table evenkeel.dirty_window (
    version_id      bigint      not null,
    window_kind     text        not null,
    window_start    timestamptz not null,
    window_end      timestamptz not null,
    -- The last batch to touch the window; an evaluation clears the mark only if no other batch came meanwhile.
    batch_id        bigint      not null,
    touched_at      timestamptz not null,
    -- When the first change since the last evaluation came.
    marked_at       timestamptz not null,
    primary key (version_id, window_kind, window_start)
);

create table evenkeel.result (
    stream_id       bigint      not null,
    window_kind     text        not null,
    window_start    timestamptz not null,
    window_end      timestamptz not null,
    -- A window that changed is evaluated again; both results stay, so that "what did we know then" has an answer.
    evaluated_at    timestamptz not null,
    monitor         text        not null,
    subject         text        not null,
    group_name      text        not null,
    statistic       text        not null,
    value           float8,
    lower           float8,
    upper           float8,
    p_value         float8,
    p_adjusted      float8,
    reference_count bigint      not null,
    current_count   bigint      not null,
    verdict         text,
    why             text        not null,
    primary key (stream_id, window_kind, window_start, window_end, evaluated_at, monitor, subject, group_name, statistic)
);
create index result_by_evaluation on evenkeel.result (stream_id, evaluated_at);

-- One row an evaluation: the counts that all its results share.
create table evenkeel.evaluation (
    stream_id       bigint      not null,
    window_kind     text        not null,
    window_start    timestamptz not null,
    window_end      timestamptz not null,
    evaluated_at    timestamptz not null,
    rows            bigint      not null,
    labelled        bigint      not null,
    primary key (stream_id, window_kind, window_start, window_end, evaluated_at)
);
