-- name: take_lease
-- The server's clock alone decides.
insert into evenkeel.lease as lease (name, holder, term, taken_at, expires_at)
values ($1, $2, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => $3::float8))
on conflict (name) do update
set holder = excluded.holder, taken_at = excluded.taken_at, expires_at = excluded.expires_at,
    term = lease.term + (lease.holder <> excluded.holder)::int
where lease.holder = excluded.holder or lease.expires_at <= excluded.taken_at
returning term

-- Held until the end of the transaction: nobody takes it meanwhile.
-- name: lease_in_term
select 1 from evenkeel.lease where name = $1 and holder = $2 and term = $3 for share

-- name: give_back_lease
update evenkeel.lease set expires_at = taken_at where name = $1 and holder = $2
