-- How long things are kept, and rows without features.

-- A narrow row has no features: its version does not keep this record whole (Vocabulary/RawRows.swift). It still finds repeated ids and
-- joins labels.
alter table evenkeel.prediction alter column features drop not null;

-- The weekly partitions of evenkeel.prediction: when they were made, and when retention dropped them. Records of a dropped week are
-- refused: repeated ones could not be told from new ones. Local to the coordinator on Citus.
create table evenkeel.prediction_week (
    week            timestamptz primary key,
    -- Rows of old times that came lately are kept as long as others.
    made_at         timestamptz not null,
    dropped_at      timestamptz,
    -- When the labels of the week's predictions were deleted too.
    cleaned_at      timestamptz
);
insert into evenkeel.prediction_week (week, made_at)
select to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC', now()
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'evenkeel.prediction'::regclass and c.relname ~ '^prediction_[0-9]{8}$';

-- When the newest part of a sum was stored: data of old times that came lately are kept as long as others.
alter table evenkeel.profile add column stored_at timestamptz not null default now();
-- What is due for compaction or deletion is found without reading past everything else.
create index profile_by_width on evenkeel.profile (stream_id, width_seconds, bucket);
-- Profiles before this were deleted by retention: a window there has no answer, which is not the same as no data.
alter table evenkeel.stream add column profiles_from timestamptz;

-- Rows come nearly in the order of these times, so that a few pages of summary find the old ones.
create index label_by_prediction on evenkeel.label using brin (prediction_ts);
create index batch_by_arrival on evenkeel.batch using brin (received_at);
