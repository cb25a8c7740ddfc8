-- Inferences of which only the request or only the response has come (POST /v1/cloudevents), under the model's home stream. The half is
-- taken when the other one comes, or given up after an hour.
create table evenkeel.half (
    stream_id       bigint      not null,
    event_id        text        not null,
    -- Of a request the version whose features it holds; null for a response.
    version         text,
    ts              timestamptz not null,
    -- Whether the event said its time, or ts is the time of its arrival.
    is_timed        boolean     not null,
    -- The decoded rows (Storage/HalfCoding.swift): features and groups in the schema's order, or scores and predictions.
    data            bytea       not null,
    received_at     timestamptz not null,
    primary key (stream_id, event_id)
);
create index half_received_at on evenkeel.half (stream_id, received_at);

-- How many wait and how large they are, kept with every change, so that a limit costs no count.
create table evenkeel.half_total (
    stream_id       bigint      not null,
    halves          bigint      not null,
    bytes           bigint      not null,
    primary key (stream_id)
);
