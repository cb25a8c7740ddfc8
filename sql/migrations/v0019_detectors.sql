-- Detectors that follow the errors of labelled predictions: how far they are, what they remember, and the changes that they saw.

-- The batch that gave a prediction its first label: that of the label, or of the prediction where the label came first. Null for every other
-- event (corrections, repeats, labels of failed predictions) and for those stored before this step. With label_seq the order in which
-- labels are followed.
alter table evenkeel.label add column joined_batch bigint;
create index label_by_joining on evenkeel.label (stream_id, joined_batch, label_seq) where joined_batch is not null;

-- How far a stream's labels were followed, and the detectors after exactly these, in one row, so that both change together.
create table evenkeel.error_run (
    stream_id       bigint      not null primary key,
    -- The last label that was looked at: the batch that joined it, and its own number.
    joined_batch    bigint      not null default 0,
    label_seq       bigint      not null default 0,
    -- Monitoring/ErrorFollower.swift; null before the first label.
    state           bytea,
    -- Labels whose error the detectors were given.
    followed        bigint      not null default 0,
    -- Labels without one: of a prediction that has neither decision nor value, or that retention has dropped.
    skipped         bigint      not null default 0,
    stepped_at      timestamptz
);

-- A change of the errors, as a detector saw it.
create table evenkeel.error_change (
    stream_id       bigint      not null,
    detector        text        not null,
    -- From 1 on, without gaps.
    number          bigint      not null,
    -- The time of the record whose label completed it.
    ts              timestamptz not null,
    -- Labels followed until then, that one included.
    followed        bigint      not null,
    -- The likeliest beginning: the time of the first record after it. Null where one label is all there was.
    began_at        timestamptz,
    -- The mean error before and after that, since the change before, and over how many labels.
    error_before    float8,
    count_before    bigint      not null,
    error_after     float8,
    count_after     bigint      not null,
    detected_at     timestamptz not null,
    primary key (stream_id, detector, number)
);
create index error_change_by_time on evenkeel.error_change (stream_id, ts);
