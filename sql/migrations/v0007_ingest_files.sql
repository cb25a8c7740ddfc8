-- How far `evenkeel ingest` has taken each file. A hint that saves reading again: what makes a row stored once is its id, and the receipt of
-- its chunk in evenkeel.batch.
create table evenkeel.ingest_file (
    stream_id       bigint      not null,
    -- A digest of what the file was read as: mapping, form, predictions or labels.
    settings        text        not null,
    -- Device and inode: a file keeps them when it is renamed.
    file_id         text        not null,
    path            text        not null,
    first_seen_at   timestamptz not null,
    -- The first byte and its line that are not taken yet.
    position        bigint      not null,
    line            bigint      not null,
    -- Of the head of the file and of what stands before the position: another file under the same inode or name is not this one.
    digest          text        not null,
    -- The digest of every row so far, from which rows without an id get theirs.
    chain           text        not null,
    rows            bigint      not null,
    updated_at      timestamptz not null,
    primary key (stream_id, settings, file_id)
);
create index ingest_file_path on evenkeel.ingest_file (stream_id, path);
