-- What the accounts room needs beside its tables: directory functions, throttles, the wall around the audit log.
--
-- Directory functions answer before the account is known. They run as the owner of the tables (hence past row-level
-- security), have a fixed search_path, return the least that names the account, and are granted to the app role only.
-- Everything else is then read under row-level security in a transaction of that account.

CREATE OR REPLACE FUNCTION directory_session(wanted bytea)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.account_id, s.id FROM sessions s WHERE s.token_hash = wanted AND s.revoked_at IS NULL
$$;

CREATE OR REPLACE FUNCTION directory_api_token(wanted bytea)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT t.account_id, t.id FROM api_tokens t WHERE t.token_hash = wanted AND t.revoked_at IS NULL
$$;

CREATE OR REPLACE FUNCTION directory_agent_link(wanted bytea, wanted_kind text)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT l.account_id, l.id FROM agent_links l
     WHERE l.token_hash = wanted AND l.kind = wanted_kind AND l.used_at IS NULL
$$;

-- An e-mail can belong to agents of several organisations; ten are more than anybody has.
CREATE OR REPLACE FUNCTION directory_agents_by_email(wanted text)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.account_id, a.id
      FROM agents a JOIN accounts o ON o.id = a.account_id
     WHERE a.email = wanted AND a.archived_at IS NULL AND o.archived_at IS NULL
     ORDER BY a.created_at, a.id
     LIMIT 10
$$;

-- Count an attempt before it is judged, so that a hundred at once get no more guesses than a hundred in a row. Answers
-- 0 (go on) or the seconds to wait. From the free-th attempt on each one locks the key for base, 2 base, 4 base … up to
-- cap seconds. What proves right is given back by throttle_refund or throttle_clear.
CREATE OR REPLACE FUNCTION throttle_take(
    wanted text, at timestamptz, free integer, base_seconds integer, cap_seconds integer, window_seconds integer
)
    RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    found throttles%ROWTYPE;
    attempts integer;
    started timestamptz;
    lock_for integer;
BEGIN
    INSERT INTO throttles (key, failures, window_started_at) VALUES (wanted, 0, at) ON CONFLICT (key) DO NOTHING;
    SELECT * INTO found FROM throttles t WHERE t.key = wanted FOR UPDATE;
    -- A lock beyond the longest one was set before the clock was put back: nobody is kept out for that.
    IF found.locked_until > at AND found.locked_until <= at + make_interval(secs => cap_seconds) THEN
        RETURN greatest(1, ceil(extract(epoch FROM found.locked_until - at))::integer);
    END IF;
    attempts := found.failures;
    started := found.window_started_at;
    IF started + make_interval(secs => window_seconds) <= at OR started > at THEN
        attempts := 0;
        started := at;
    END IF;
    attempts := attempts + 1;
    IF attempts >= free THEN
        lock_for := least(cap_seconds::numeric, base_seconds * 2::numeric ^ least(attempts - free, 24))::integer;
    END IF;
    UPDATE throttles t
       SET failures = attempts,
           window_started_at = started,
           locked_until = CASE WHEN lock_for IS NULL THEN NULL ELSE at + make_interval(secs => lock_for) END
     WHERE t.key = wanted;
    RETURN 0;
END
$$;

CREATE OR REPLACE FUNCTION throttle_refund(wanted text, free integer)
    RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE throttles t
       SET failures = greatest(0, t.failures - 1),
           locked_until = CASE WHEN t.failures - 1 >= free THEN t.locked_until END
     WHERE t.key = wanted
$$;

CREATE OR REPLACE FUNCTION throttle_clear(wanted text)
    RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    DELETE FROM throttles t WHERE t.key = wanted
$$;

CREATE OR REPLACE FUNCTION throttle_sweep(at timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM throttles t
         WHERE t.window_started_at < at - interval '2 days' AND (t.locked_until IS NULL OR t.locked_until < at)
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- Leases of processes that are gone; over all accounts, so that the worker need not visit each.
CREATE OR REPLACE FUNCTION agent_presence_sweep(at timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM agent_presence p
         WHERE p.until < at - interval '1 minute'
            OR p.until > at + interval '5 minutes'  -- given before the clock was put back
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- The audit log is written once. Only audit_log_forget may delete: inside it current_user is the owner of the tables
-- (which the app role can never be), and the setting says that the owner came through that function.
CREATE OR REPLACE FUNCTION audit_log_is_append_only()
    RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE'
       AND current_setting('svardesk.audit_retention', true) = 'on'
       AND current_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = TG_RELID)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE OR REPLACE TRIGGER audit_log_rows_stay
    BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();

CREATE OR REPLACE TRIGGER audit_log_stays
    BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

-- Ends the retention of audit rows of one account; refuses to touch the last year, by the database's own clock.
CREATE OR REPLACE FUNCTION audit_log_forget(wanted uuid, before timestamptz)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    deleted bigint;
BEGIN
    IF wanted IS DISTINCT FROM nullif(current_setting('svardesk.account', true), '')::uuid THEN
        RAISE EXCEPTION 'the audit log of another organisation' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF before > now() - interval '365 days' THEN
        RAISE EXCEPTION 'the audit log is kept for a year at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Not a SET clause of the function: only a superuser may write one for a setting that no extension declares.
    PERFORM set_config('svardesk.audit_retention', 'on', true);
    DELETE FROM audit_log l WHERE l.account_id = wanted AND l.at < before;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    PERFORM set_config('svardesk.audit_retention', 'off', true);
    RETURN deleted;
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'directory_session(bytea)',
        'directory_api_token(bytea)',
        'directory_agent_link(bytea, text)',
        'directory_agents_by_email(text)',
        'throttle_take(text, timestamptz, integer, integer, integer, integer)',
        'throttle_refund(text, integer)',
        'throttle_clear(text)',
        'throttle_sweep(timestamptz)',
        'agent_presence_sweep(timestamptz)',
        'audit_log_forget(uuid, timestamptz)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO svardesk_app', signature);
    END LOOP;
END
$$;
