-- name: newest_alerts
select distinct on (monitor, policy) alert_id, model, version, monitor, policy, severity, state, memory::text, summary, detail::text, started_at, fired_at,
       resolved_at, acknowledged_at, acknowledged_by
from evenkeel.alert where model = $1 and version = $2 order by monitor, policy, alert_id desc

-- name: list_alerts
select alert_id, model, version, monitor, policy, severity, state, memory::text, summary, detail::text, started_at, fired_at,
       resolved_at, acknowledged_at, acknowledged_by
from evenkeel.alert
where state <> 'pending' and ($2::bigint is null or alert_id < $2) and ($3::text[] is null or model = any($3))
order by alert_id desc limit $1

-- name: firing_counts
select model, severity, count(*) from evenkeel.alert where state = 'firing' group by model, severity order by model, severity

-- name: fired_counts
select model, count(*) from evenkeel.alert where policy = $1 and fired_at > $2 group by model

-- name: open_alerts
select distinct a.model, a.version, a.policy, d.destination from evenkeel.alert a
left join evenkeel.delivery d on d.alert_id = a.alert_id and d.type = 'alert.firing'
where a.state in ('pending', 'firing')
order by a.model, a.version, a.policy, d.destination

-- name: insert_alert
insert into evenkeel.alert (model, version, monitor, policy, severity, state, memory, summary, detail, started_at, fired_at)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb, $10, $11)
returning alert_id

-- name: update_alert
update evenkeel.alert set severity = $2, state = $3, memory = $4::jsonb, summary = $5, detail = $6::jsonb, fired_at = $7, resolved_at = $8
where alert_id = $1

-- name: delete_pending_alert
delete from evenkeel.alert where alert_id = $1 and state = 'pending'

-- name: alert_model
select model from evenkeel.alert where alert_id = $1

-- name: acknowledge_alert
update evenkeel.alert set acknowledged_at = $2, acknowledged_by = $3
where alert_id = $1 and state = 'firing' returning alert_id, model, version

-- name: recent_deliveries
select count(*) from evenkeel.delivery d join evenkeel.alert a using (alert_id)
where d.destination = $1 and a.model = $2 and d.created_at > $3 and d.type = $4

-- name: insert_silence
insert into evenkeel.silence (model, monitor, until, reason, created_at) values ($1, $2, $3, $4, $5) returning silence_id

-- name: active_silences
select silence_id, model, monitor, until, reason from evenkeel.silence where until > $1 order by silence_id

-- name: insert_delivery
insert into evenkeel.delivery (alert_id, destination, message_id, type, body, state, next_attempt_at, created_at)
values ($1, $2, $3, $4, $5, 'waiting', $6, $6) on conflict (message_id) do nothing

-- name: list_deliveries
select d.delivery_id, d.destination, d.message_id, d.type, d.state, d.attempts, d.last_status, d.last_error, d.created_at, d.next_attempt_at,
       d.sent_at, a.model
from evenkeel.delivery d left join evenkeel.alert a using (alert_id)
where ($1::text is null or d.state = $1) order by d.delivery_id desc limit $2

-- A message keeps its id: a receiver that had it after all can tell.
-- name: replay_deliveries
update evenkeel.delivery set state = 'waiting', attempts = 0, next_attempt_at = $1
where state = 'dead' and ($2::bigint is null or delivery_id = $2) returning delivery_id

-- name: claim_deliveries
update evenkeel.delivery set attempts = attempts + 1, next_attempt_at = $2
where delivery_id in (
    select delivery_id from evenkeel.delivery
    where state = 'waiting' and next_attempt_at <= $1
    order by next_attempt_at limit $3
    for update skip locked)
returning delivery_id, destination, message_id, type, body, attempts, created_at

-- name: delivery_sent
update evenkeel.delivery set state = 'sent', sent_at = $2, last_status = $3, last_error = null where delivery_id = $1

-- name: delivery_failed
update evenkeel.delivery set state = $2, next_attempt_at = $3, last_status = $4, last_error = $5
where delivery_id = $1 and state = 'waiting'
