-- name: find_ingest_file
select file_id, path, first_seen_at, position, line, digest, chain, rows
from evenkeel.ingest_file
where stream_id = $1 and settings = $2 and (file_id = $3 or path = $4)
order by file_id = $3 desc, position desc

-- name: keep_ingest_file
insert into evenkeel.ingest_file (stream_id, settings, file_id, path, first_seen_at, position, line, digest, chain, rows, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (stream_id, settings, file_id) do update set
    path = excluded.path, first_seen_at = excluded.first_seen_at, position = excluded.position, line = excluded.line,
    digest = excluded.digest, chain = excluded.chain, rows = excluded.rows, updated_at = excluded.updated_at
