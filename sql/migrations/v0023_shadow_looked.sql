-- Up to which batch the newest comparison has looked. A runner that ended between a step and its look leaves the look to the next one: it would
-- come with the next batch only.
alter table evenkeel.shadow_run add column looked_cursor bigint not null default 0;
