-- How a version is watched where it differs from the service's configuration: monitors and policies of its own, as its spec has them.
-- Unlike its schema this may change while the version lives.

alter table evenkeel.model_version add column watch jsonb not null default '{}';
