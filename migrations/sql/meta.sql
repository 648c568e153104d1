-- Functions of the Meta room: what is due, of all organisations.

-- Pages that were not looked at for a while; being claimed is being looked at. looked_at is when that was the time before.
CREATE OR REPLACE FUNCTION meta_claim_pages(at timestamptz, every interval, most integer)
    RETURNS TABLE (account_id uuid, id uuid, looked_at timestamptz)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT c.account_id, c.id, (c.health ->> 'looked_at')::timestamptz AS before FROM connections c
         WHERE c.kind IN ('messenger', 'facebook') AND c.archived_at IS NULL
           -- One look serves both connections of a page.
           AND (c.kind = 'messenger' OR NOT EXISTS (
               SELECT FROM connections o
                WHERE o.account_id = c.account_id AND o.kind = 'messenger' AND o.archived_at IS NULL
                  AND o.config ->> 'page_id' = c.config ->> 'page_id' AND o.config ->> 'app' = c.config ->> 'app'))
           AND coalesce((c.health ->> 'looked_at')::timestamptz, '-infinity') <= at - every
         ORDER BY (c.health ->> 'looked_at')::timestamptz NULLS FIRST LIMIT most FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE connections c SET health = c.health || jsonb_build_object('looked_at', at)
      FROM due WHERE c.account_id = due.account_id AND c.id = due.id
    RETURNING c.account_id, c.id, due.before
$$;

-- People whose names are to be asked for; the lease is the new due_at.
CREATE OR REPLACE FUNCTION meta_claim_profiles(at timestamptz, lease interval, most integer)
    RETURNS TABLE (account_id uuid, connection_id uuid, person text, contact_id uuid, attempt integer)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT p.account_id, p.connection_id, p.person FROM meta_profiles p
         WHERE p.state = 'waiting' AND p.due_at <= at
         ORDER BY p.due_at LIMIT most FOR UPDATE OF p SKIP LOCKED
    )
    UPDATE meta_profiles p SET attempt = p.attempt + 1, due_at = at + lease
      FROM due WHERE p.account_id = due.account_id AND p.connection_id = due.connection_id AND p.person = due.person
    RETURNING p.account_id, p.connection_id, p.person, p.contact_id, p.attempt
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'meta_claim_pages(timestamptz, interval, integer)',
        'meta_claim_profiles(timestamptz, interval, integer)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO svardesk_system', signature);
    END LOOP;
END
$$;
