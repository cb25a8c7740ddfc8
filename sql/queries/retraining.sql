-- name: retraining_load
select count(*) filter (where state in ('requested', 'started') and deadline is not null), count(*) filter (where requested_at > $2)
from evenkeel.retraining where model = $1

-- name: insert_retraining
insert into evenkeel.retraining (retraining_id, model, version, alert_id, policy, reason, manifest, state, requested_at, deadline)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, 'requested', $8, $9)

-- name: list_retraining
select retraining_id, model, version, alert_id, policy, reason, manifest::text, state, requested_at, started_at, ended_at, deadline, new_version, note
from evenkeel.retraining where ($2::text[] is null or model = any($2)) order by requested_at desc, retraining_id limit $1

-- name: find_retraining
select retraining_id, model, version, alert_id, policy, reason, manifest::text, state, requested_at, started_at, ended_at, deadline, new_version, note
from evenkeel.retraining where retraining_id = $1 for update

-- name: overdue_retraining
select retraining_id from evenkeel.retraining where state in ('requested', 'started') and deadline <= $1 order by deadline

-- name: advance_retraining
-- What was overdue and comes late is waited for without a deadline: people were told, and another one may be under way.
update evenkeel.retraining
set state = $2, started_at = $3, ended_at = $4, new_version = $5, note = $6,
    deadline = case when state = 'overdue' and $2 = 'started' then null else deadline end
where retraining_id = $1
