-- Posts about which a page is to be asked, of all organisations, each put off by the lease: their text is not known yet, or
-- nobody knows whether they came through.
CREATE OR REPLACE FUNCTION facebook_claim_posts(at timestamptz, lease interval, most integer)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT p.account_id, p.id FROM facebook_posts p
        WHERE p.due_at <= at ORDER BY p.due_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE facebook_posts p SET due_at = at + lease FROM due
    WHERE p.account_id = due.account_id AND p.id = due.id
    RETURNING p.account_id, p.id
$$;
REVOKE ALL ON FUNCTION facebook_claim_posts(timestamptz, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION facebook_claim_posts(timestamptz, interval, integer) TO svardesk_system;
