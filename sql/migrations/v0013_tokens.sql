-- Who may come in: tokens of clients, each with its roles. Local to the coordinator on Citus.

create table evenkeel.access_token (
    -- The part of a token that is no secret: by it the row is found.
    token_id        text        primary key,
    -- Who it is: the actor in evenkeel.audit_log.
    name            text        not null,
    roles           text[]      not null,
    -- Only these models; null for all.
    models          text[],
    -- scrypt, with its parameters and salt.
    secret_hash     text        not null,
    -- Before the last rotation; still good until then.
    former_hash     text,
    former_until    timestamptz,
    created_at      timestamptz not null,
    created_by      text        not null,
    expires_at      timestamptz,
    revoked_at      timestamptz
);
-- A name says who acted: it is given to one token at a time.
create unique index access_token_name on evenkeel.access_token (name) where revoked_at is null;
