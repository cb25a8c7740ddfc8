-- Each entry of the audit log holds the hash of the one before and its own: what is changed, removed or put elsewhere breaks the chain.
alter table evenkeel.audit_log add column previous_hash text, add column hash text;

-- Where the chain ends, so that entries missing at its end are seen too.
create table evenkeel.audit_head (
    is_only         boolean     primary key default true check (is_only),
    entries         bigint      not null,
    hash            text        not null
);

-- The same as insert_audit in sql/queries/audit.sql, for the entries that are there already.
do $$
declare
    entry record;
    last text := '';
    count bigint := 0;
begin
    for entry in select * from evenkeel.audit_log order by entry_id loop
        update evenkeel.audit_log set previous_hash = last,
            hash = encode(sha256(convert_to(
                octet_length(last) || ':' || last
                || octet_length((extract(epoch from at) * 1000000)::bigint::text) || ':' || (extract(epoch from at) * 1000000)::bigint
                || octet_length(actor) || ':' || actor || octet_length(action) || ':' || action
                || octet_length(subject) || ':' || subject || octet_length(detail::text) || ':' || detail::text, 'UTF8')), 'hex')
        where entry_id = entry.entry_id returning hash into last;
        count := count + 1;
    end loop;
    insert into evenkeel.audit_head (entries, hash) values (count, last);
end $$;
alter table evenkeel.audit_log alter column previous_hash set not null, alter column hash set not null;
