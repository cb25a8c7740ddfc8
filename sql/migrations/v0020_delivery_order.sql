-- Messages about one alert go to a destination in their order: one that says it ended does not overtake one that says it began.
-- From here on alert_ids has every alert that a message is about, also where there is one.
update evenkeel.delivery set alert_ids = array[alert_id] where alert_ids = '{}' and alert_id is not null and state = 'waiting';
create index delivery_waiting_by_alert on evenkeel.delivery using gin (alert_ids) where state = 'waiting';
