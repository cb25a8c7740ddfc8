-- What came in, lossless. Distributed by stream_id on Citus: stream_id stands first in every key, no triggers, no identity.

create table evenkeel.prediction (
    stream_id       bigint      not null,
    record_id       text        not null,
    ts              timestamptz not null,
    batch_id        bigint      not null,
    -- float8, eight bytes each, most significant first, in the order of evenkeel.feature. A categorical feature holds its code in
    -- evenkeel.level. NaN is missing; −1 is a level beyond the dictionary's limit, kept in "extra".
    features        bytea       not null,
    score           float8,
    prediction      float8,
    -- The codes of the sensitive attributes in evenkeel.level (attribute numbers −1, −2, …), int4 each; −2147483648 is missing.
    groups          bytea       not null,
    error           text,
    variant         text,
    -- {"measures": {…}, "levels": {…}}: what has no column of its own. Null when there is nothing.
    extra           jsonb,
    primary key (stream_id, record_id, ts)
) partition by range (ts);

-- Values that a bytea of eight-byte numbers cannot hold: the levels of categorical features and sensitive attributes.
create table evenkeel.level (
    stream_id       bigint      not null,
    attribute       int         not null,
    code            int         not null,
    value           text        not null,
    primary key (stream_id, attribute, code),
    unique (stream_id, attribute, value)
);

-- Labels that have found their prediction. Every event is kept; the effective one is the last by (ts, label_seq).
create table evenkeel.label (
    stream_id       bigint      not null,
    record_id       text        not null,
    ts              timestamptz not null,
    label_seq       bigint      not null,
    label           float8      not null,
    prediction_ts   timestamptz not null,
    received_at     timestamptz not null,
    primary key (stream_id, record_id, ts, label_seq)
);

-- Labels that came before their prediction, under the model's home stream. They are joined when it arrives.
create table evenkeel.label_waiting (
    stream_id       bigint      not null,
    record_id       text        not null,
    ts              timestamptz not null,
    label_seq       bigint      not null,
    label           float8      not null,
    received_at     timestamptz not null,
    primary key (stream_id, record_id, ts, label_seq)
);

-- One row a stored request with a key, and stream: the same request again is answered from here and stores nothing.
create table evenkeel.batch (
    stream_id       bigint      not null,
    -- 'predictions' or 'labels', and the Idempotency-Key.
    batch_key       text        not null,
    -- The hash of the body: the key with another body is refused.
    fingerprint     text        not null,
    batch_id        bigint      not null,
    received_at     timestamptz not null,
    accepted        bigint      not null,
    duplicates      bigint      not null,
    primary key (stream_id, batch_key)
);

-- Numbers for batches and label events. A sequence is a local object; Citus serves it to the coordinator.
create sequence evenkeel.batch_seq;
