-- The two measures that most records have, each a number of its own rather than text in "extra".
alter table evenkeel.prediction add column latency float8;
alter table evenkeel.prediction add column cost float8;

-- A delta lives for minutes until it is compacted: packing it costs more than its bytes.
alter table evenkeel.profile alter column data set storage external;
