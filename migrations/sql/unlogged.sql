-- Leases of seconds: worth nothing after a crash, so they cost no log.
ALTER TABLE agent_presence SET UNLOGGED;
ALTER TABLE conversation_presence SET UNLOGGED;

-- Leases at conversations that ran out (a process that was killed leaves them behind), and those that end later than any
-- lease given now, because the clock has been put back since: the answer lock would hold until it has caught up.
CREATE OR REPLACE FUNCTION conversation_presence_sweep(at timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM conversation_presence p
         WHERE p.until < at - interval '1 minute' OR p.until > at + interval '2 minutes'
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION conversation_presence_sweep(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION conversation_presence_sweep(timestamptz) TO svardesk_system;
