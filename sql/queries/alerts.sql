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
select distinct a.model, a.version, a.policy, a.monitor, d.destination from evenkeel.alert a
left join (
    select unnest(case when alert_ids = '{}' then array[alert_id] else alert_ids end) as alert_id, destination
    from evenkeel.delivery where type = 'alert.firing'
) d on d.alert_id = a.alert_id
where a.state in ('pending', 'firing')
order by a.model, a.version, a.policy, a.monitor, d.destination

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
insert into evenkeel.silence (model, monitor, until, reason, created_at, starts_at, matchers)
values ($1, $2, $3, $4, $5, $6, $7::text[]) returning silence_id

-- name: active_silences
select silence_id, model, monitor, until, reason, starts_at, to_json(matchers)::text from evenkeel.silence where until > $1 order by silence_id

-- name: expire_silence
update evenkeel.silence set until = $2 where silence_id = $1 and until > $2 and ($3::text[] is null or model = any($3)) returning model

-- name: insert_delivery
insert into evenkeel.delivery (alert_id, destination, message_id, type, body, state, next_attempt_at, created_at, alert_ids)
values ($1, $2, $3, $4, $5, 'waiting', $6, $6, $7::bigint[]) on conflict (message_id) do nothing

-- name: list_deliveries
select d.delivery_id, d.destination, d.message_id, d.type, d.state, d.attempts, d.last_status, d.last_error, d.created_at, d.next_attempt_at,
       d.sent_at, a.model
from evenkeel.delivery d left join evenkeel.alert a using (alert_id)
where ($1::text is null or d.state = $1) order by d.delivery_id desc limit $2

-- A message keeps its id: a receiver that had it after all can tell.
-- name: replay_deliveries
update evenkeel.delivery set state = 'waiting', attempts = 0, next_attempt_at = $1
where state = 'dead' and ($2::bigint is null or delivery_id = $2) returning delivery_id

-- name: due_destinations
select d.destination, x.reason
from (select distinct destination from evenkeel.delivery where state = 'waiting' and next_attempt_at <= $1) d
left join evenkeel.destination_disabled x on x.destination = d.destination
order by d.destination

-- One that waits for an older one about the same alert is left alone: the receiver would think of an alert that ended as of one that fires.
-- name: claim_deliveries
update evenkeel.delivery set attempts = attempts + 1, next_attempt_at = $2
where delivery_id in (
    select d.delivery_id from evenkeel.delivery d
    where d.state = 'waiting' and d.next_attempt_at <= $1 and ($4::text is null or d.destination = $4)
      and not exists (
        select from evenkeel.delivery o
        where o.state = 'waiting' and o.alert_ids && d.alert_ids and o.destination = d.destination
          and o.delivery_id < d.delivery_id and o.created_at < d.created_at)
    order by d.next_attempt_at limit $3
    for update of d skip locked)
returning delivery_id, destination, message_id, type, body, attempts, created_at

-- A sender whose lease ran out does not reopen what another one has settled; that it was sent is always true.
-- name: settle_deliveries
with ended as (
    select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
        as e (delivery_id, state, next_attempt_at, status, error, attempt, milliseconds)),
logged as (
    insert into evenkeel.delivery_attempt (delivery_id, attempt, at, status, error, milliseconds)
    select delivery_id, attempt, $8::timestamptz, status::int, error, milliseconds from ended
    on conflict do nothing)
update evenkeel.delivery d
set state = e.state, next_attempt_at = e.next_attempt_at, last_status = e.status::int, last_error = e.error,
    sent_at = case when e.state = 'sent' then $8::timestamptz else d.sent_at end
from ended e
where d.delivery_id = e.delivery_id and (d.state = 'waiting' or e.state = 'sent')

-- name: delivery_attempts
select attempt, at, status, error, milliseconds from evenkeel.delivery_attempt where delivery_id = $1 order by at, attempt

-- name: disable_destination
insert into evenkeel.destination_disabled (destination, at, reason) values ($1, $2, $3) on conflict (destination) do nothing

-- name: enable_destination
delete from evenkeel.destination_disabled where destination = $1 returning destination
