-- name: insert_token
insert into evenkeel.access_token (token_id, name, roles, models, secret_hash, created_at, created_by, expires_at)
values ($1, $2, $3::text[], $4::text[], $5, $6, $7, $8) on conflict do nothing

-- name: find_token
select token_id, name, array_to_json(roles)::text, array_to_json(models)::text, secret_hash, former_hash, former_until, created_at,
       created_by, expires_at, revoked_at
from evenkeel.access_token where token_id = $1

-- name: list_tokens
select token_id, name, array_to_json(roles)::text, array_to_json(models)::text, secret_hash, former_hash, former_until, created_at,
       created_by, expires_at, revoked_at
from evenkeel.access_token order by revoked_at is not null, name, created_at

-- name: revoke_token
update evenkeel.access_token set revoked_at = $2 where (token_id = $1 or name = $1) and revoked_at is null
returning token_id, name

-- name: rotate_token
update evenkeel.access_token set former_hash = secret_hash, former_until = $3, secret_hash = $2
where (token_id = $1 or name = $1) and revoked_at is null
returning token_id, name

-- name: count_tokens
select count(*) from evenkeel.access_token where revoked_at is null and (expires_at is null or expires_at > $1)
