-- Candidates beside the champion: their model files, what is summed of them, what was decided, and how far a rollout is.

-- The file of a version's model, as it was given: every process that scores has it, and a backup too. Local to the coordinator on Citus.
create table evenkeel.model_file (
    version_id      bigint      primary key,
    format          text        not null,
    -- SHA-256, hexadecimal.
    digest          text        not null,
    size            bigint      not null,
    data            bytea       not null,
    stored_at       timestamptz not null,
    stored_by       text        not null
);
alter table evenkeel.model_file alter column data set storage external;

-- A candidate beside a champion: how far the champion's log was followed, and the sums of exactly that, in one row, so that both change together.
create table evenkeel.shadow_run (
    -- The champion's lane.
    stream_id       bigint      not null,
    -- The candidate's version.
    candidate_id    bigint      not null,
    started_at      timestamptz not null,
    -- The last batch of predictions or labels that is in the sums. Batches of a lane become visible in the order of their numbers.
    cursor          bigint      not null,
    -- The last batch that the run does not look at: 0 where it began with the whole log.
    began_after     bigint      not null,
    -- Shadowing/PairedSums.swift; null before the first step.
    sums            bytea,
    taken           bigint      not null default 0,
    -- Rows that cannot be compared: failed, without a score, or stored without features.
    skipped         bigint      not null default 0,
    -- What the candidate took for the rows, and what the champion said it took for those that have a latency.
    seconds         float8      not null default 0,
    latency_rows    bigint      not null default 0,
    latency_seconds float8      not null default 0,
    stepped_at      timestamptz,
    -- Why the circuit breaker is open; null while rows are scored.
    breaker         text,
    broken_at       timestamptz,
    verdict         text        check (verdict in ('promote', 'hold', 'reject')),
    verdict_at      timestamptz,
    -- The comparison of the newest look, its members in their order.
    report          json,
    primary key (stream_id, candidate_id)
);

-- Looks at a run, thinned as they grow many: how the difference went over time.
create table evenkeel.shadow_look (
    stream_id       bigint      not null,
    candidate_id    bigint      not null,
    looked_at       timestamptz not null,
    taken           bigint      not null,
    labelled        bigint      not null,
    verdict         text        not null,
    report          json        not null,
    primary key (stream_id, candidate_id, looked_at)
);

-- What gateways are advised to do. Local to the coordinator on Citus.
create table evenkeel.rollout (
    model_id        bigint      primary key,
    -- The version that is rolled out, and the champion that it takes the place of.
    version_id      bigint      not null,
    previous_id     bigint      not null,
    state           text        not null check (state in ('rolling', 'promoted', 'rolled_back')),
    -- The place among the steps of 1, 5, 25, 50 and 100 %.
    step            int         not null,
    changed_at      timestamptz not null,
    actor           text        not null,
    reason          text        not null
);

-- What a follower reads next. Rows come in the order of their batches, so a page of summary finds them and a writer pays nothing to speak of.
create index prediction_by_batch on evenkeel.prediction using brin (batch_id) with (pages_per_range = 16, autosummarize = on);
create index label_by_batch on evenkeel.label using brin (label_seq) with (pages_per_range = 16, autosummarize = on);
