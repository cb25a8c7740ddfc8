-- Two records with one id are one record when they are at most a week apart, which two of one partition always are. So each partition has an index
-- of its own that is unique by id: what is new is told by storing it, with no look-up before.
alter table evenkeel.prediction drop constraint prediction_pkey;
do $$
declare
    part regclass;
begin
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'evenkeel.prediction'::regclass loop
        execute format('create unique index on %s (stream_id, record_id)', part);
    end loop;
end
$$;

-- One summary of both costs a row half of what two do.
drop index evenkeel.prediction_by_time;
drop index evenkeel.prediction_by_batch;
create index prediction_by_batch on evenkeel.prediction using brin (batch_id, ts) with (pages_per_range = 16, autosummarize = on);
