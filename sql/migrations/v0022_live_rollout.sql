-- A rollout of a version that is not scored in shadow goes on by what it serves itself: since when, and what it waits for.
alter table evenkeel.rollout add column began_at timestamptz;
alter table evenkeel.rollout add column waits text;
