-- name: insert_audit
-- One at a time, under a lock of its own. The hash is over each part with its length before it (Vocabulary/AuditChain.swift).
with given as (
    select $1::timestamptz as at, $2::text as actor, $3::text as action, $4::text as subject, $5::jsonb as detail,
           (extract(epoch from $1::timestamptz) * 1000000)::bigint::text as micros, h.hash as previous_hash
    from evenkeel.audit_head h),
kept as (
    insert into evenkeel.audit_log (at, actor, action, subject, detail, previous_hash, hash)
    select at, actor, action, subject, detail, previous_hash,
           encode(sha256(convert_to(
               octet_length(previous_hash) || ':' || previous_hash || octet_length(micros) || ':' || micros
               || octet_length(actor) || ':' || actor || octet_length(action) || ':' || action
               || octet_length(subject) || ':' || subject || octet_length(detail::text) || ':' || detail::text, 'UTF8')), 'hex')
    from given
    returning hash)
update evenkeel.audit_head h set entries = h.entries + 1, hash = kept.hash from kept

-- name: audit_entries
select entry_id, at, actor, action, subject, detail::text, previous_hash, hash from evenkeel.audit_log
where entry_id > $1 order by entry_id limit $2

-- name: audit_head
select entries, hash from evenkeel.audit_head
