-- What goes out, and what was done. Queues and logs: local tables of the coordinator on Citus.

create table evenkeel.alert (
    alert_id        bigint      generated always as identity primary key,
    model           text        not null,
    version         text        not null,
    monitor         text        not null,
    policy          text        not null,
    severity        text        not null check (severity in ('info', 'warning', 'critical')),
    state           text        not null check (state in ('pending', 'firing', 'resolved')),
    -- How the lifecycle remembers (Alerting/AlertLifecycle.swift).
    memory          jsonb       not null,
    summary         text        not null,
    detail          jsonb       not null,
    started_at      timestamptz not null,
    fired_at        timestamptz,
    resolved_at     timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text
);
-- At most one open alert for a thing that can be wrong.
create unique index alert_open on evenkeel.alert (model, version, monitor, policy) where state <> 'resolved';

create table evenkeel.silence (
    silence_id      bigint      generated always as identity primary key,
    model           text        not null,
    monitor         text,
    until           timestamptz not null,
    reason          text        not null,
    created_at      timestamptz not null
);

-- The outbox: written in the transaction that changes an alert, sent afterwards, at least once, always with the same id.
create table evenkeel.delivery (
    delivery_id     bigint      generated always as identity primary key,
    alert_id        bigint      references evenkeel.alert (alert_id),
    destination     text        not null,
    message_id      text        not null unique,
    type            text        not null,
    body            text        not null,
    state           text        not null check (state in ('waiting', 'sent', 'dead')),
    attempts        int         not null default 0,
    next_attempt_at timestamptz not null,
    created_at      timestamptz not null,
    sent_at         timestamptz,
    last_status     int,
    last_error      text
);
create index delivery_due on evenkeel.delivery (next_attempt_at) where state = 'waiting';

create table evenkeel.audit_log (
    entry_id        bigint      generated always as identity primary key,
    at              timestamptz not null,
    actor           text        not null,
    action          text        not null,
    subject         text        not null,
    detail          jsonb       not null
);
