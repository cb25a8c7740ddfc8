-- For analysts: the packed columns of evenkeel.prediction as numbers. Pure SQL, immutable, safe on Citus workers.

create function evenkeel.float8_at(packed bytea, place int) returns float8
language sql immutable strict parallel safe as $$
    select case
        when exponent = 2047 then case
            when fraction <> 0 then 'NaN'::float8
            when bits < 0 then '-Infinity'::float8
            else 'Infinity'::float8 end
        when exponent = 0 then sign * fraction * power(2::float8, -537) * power(2::float8, -537)
        -- In two steps: 2^(exponent − 1075) itself may be below the smallest double.
        else sign * (fraction + 4503599627370496) * power(2::float8, (exponent - 1075) / 2)
             * power(2::float8, (exponent - 1075) - (exponent - 1075) / 2)
        end
    from (
        select bits,
               case when bits < 0 then -1::float8 else 1::float8 end as sign,
               ((bits >> 52) & 2047)::int as exponent,
               (bits & 4503599627370495)::float8 as fraction
        from (select ('x' || encode(substring(packed from place * 8 + 1 for 8), 'hex'))::bit(64)::bigint as bits) raw
    ) parts
$$;

create function evenkeel.int4_at(packed bytea, place int) returns int
language sql immutable strict parallel safe as $$
    select ('x' || encode(substring(packed from place * 4 + 1 for 4), 'hex'))::bit(32)::int
$$;
