-- name: kafka_positions
select topic, partition, next_offset from evenkeel.kafka_position where cluster = $1 and consumer_group = $2

-- name: open_kafka_positions
insert into evenkeel.kafka_position (cluster, consumer_group, topic, partition, next_offset, updated_at)
select $1::text, $2::text, topic, partition, next_offset, $6::timestamptz
from unnest($3::text[], $4::int[], $5::bigint[]) as p (topic, partition, next_offset)
on conflict do nothing

-- Always in one order, so that two that move the same ones never wait for each other in a circle. Who waited sees what the other has left.
-- name: lock_kafka_positions
select p.topic, p.partition, p.next_offset from evenkeel.kafka_position p
join unnest($3::text[], $4::int[]) as m (topic, partition) on m.topic = p.topic and m.partition = p.partition
where p.cluster = $1 and p.consumer_group = $2
order by p.topic, p.partition
for update of p

-- name: move_kafka_positions
update evenkeel.kafka_position p set next_offset = m.next_offset, updated_at = $6::timestamptz
from unnest($3::text[], $4::int[], $5::bigint[]) as m (topic, partition, next_offset)
where p.cluster = $1 and p.consumer_group = $2 and p.topic = m.topic and p.partition = m.partition
