-- Several services on one database: who leads, and where messages cannot go. Local to the coordinator on Citus.

-- Who of several services does a thing that one should do: whoever holds the row, for as long as it is renewed. A row and not a lock of a session, so that
-- it also holds through a pooler of connections.
create table evenkeel.lease (
    name            text        primary key,
    holder          text        not null,
    -- Rises with every change of the holder: what was begun in an earlier term is refused.
    term            bigint      not null,
    taken_at        timestamptz not null,
    expires_at      timestamptz not null
);

-- Destinations that said that they are gone for good (410): nothing is sent there until somebody enables them again.
create table evenkeel.destination_disabled (
    destination     text        primary key,
    at              timestamptz not null,
    reason          text        not null
);

-- Each attempt: when, how it ended, how long it took.
create table evenkeel.delivery_attempt (
    delivery_id     bigint      not null references evenkeel.delivery (delivery_id) on delete cascade,
    attempt         int         not null,
    at              timestamptz not null,
    status          int,
    error           text,
    milliseconds    bigint      not null,
    primary key (delivery_id, attempt, at)
);

-- Of a message about several alerts: all of them; alert_id is the first.
alter table evenkeel.delivery add column alert_ids bigint[] not null default '{}';
-- What waits, by where it goes: destinations are served side by side.
create index delivery_due_by_destination on evenkeel.delivery (destination, next_attempt_at) where state = 'waiting';
drop index evenkeel.delivery_due;

-- A silence may begin later, and say more of which alerts it is for: `version=3`, `policy!=inputs`.
alter table evenkeel.silence add column starts_at timestamptz, add column matchers text[] not null default '{}';

-- What was asked of a trainer, and what came of it. The id is that of the message.
create table evenkeel.retraining (
    retraining_id   text        primary key,
    model           text        not null,
    version         text        not null,
    alert_id        bigint,
    policy          text        not null,
    reason          text        not null,
    manifest        jsonb       not null,
    state           text        not null check (state in ('requested', 'started', 'succeeded', 'failed', 'overdue')),
    requested_at    timestamptz not null,
    started_at      timestamptz,
    ended_at        timestamptz,
    deadline        timestamptz,
    new_version     text,
    note            text
);
create index retraining_of_model on evenkeel.retraining (model, requested_at);
-- One under way for each model.
create unique index retraining_in_flight on evenkeel.retraining (model) where state in ('requested', 'started') and deadline is not null;
