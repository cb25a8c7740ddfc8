-- What a row that stands for more than a minute says of the time within: hours are made as records come, and soon after they ended.

-- The newest minute of a prediction, where it is not the bucket's own start.
alter table evenkeel.profile add column newest timestamptz;
-- When the first of what was added up came, where that was before stored_at.
alter table evenkeel.profile add column first_stored_at timestamptz;
