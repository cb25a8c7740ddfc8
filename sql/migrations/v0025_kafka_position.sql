-- How far each partition of Kafka's topics is stored: moved by the transaction that stores the records, and only from where it stood when they
-- were read. So each record is stored once, and one that no longer owns the partition stores nothing.
create table evenkeel.kafka_position (
    -- The name that the configuration gives the cluster, and the group of consumers.
    cluster         text        not null,
    consumer_group  text        not null,
    topic           text        not null,
    partition       int         not null,
    -- The first offset that is not stored yet.
    next_offset     bigint      not null,
    updated_at      timestamptz not null,
    primary key (cluster, consumer_group, topic, partition)
);
