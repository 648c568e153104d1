-- What the contacts room needs beside its tables. Safe to run again.

-- All contacts that are one person with this one, the one that they are known as first; empty for an unknown id.
-- merged_into_id points there directly, however many merges lie between (contact_merges holds them one by one).
CREATE OR REPLACE FUNCTION person_contacts(p_account uuid, p_contact uuid) RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- The subqueries are looked up once; under row-level security no index serves a comparison with coalesce() of a column.
    SELECT ARRAY(
        SELECT coalesce(p.merged_into_id, p.id) FROM public.contacts p
        WHERE p.account_id = p_account AND p.id = p_contact
        UNION ALL
        SELECT m.id FROM public.contacts m
        WHERE m.account_id = p_account AND m.merged_into_id = (
            SELECT coalesce(p.merged_into_id, p.id) FROM public.contacts p
            WHERE p.account_id = p_account AND p.id = p_contact)
    )
$$;
