-- What the e-mail adapter needs beside its tables: claims over all organisations, granted to the system role.

-- Which mailboxes of all organisations are to be read: connections of the kind `email` that are in service.
CREATE OR REPLACE FUNCTION email_mailboxes()
    RETURNS TABLE (account_id uuid, connection_id uuid, version bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.account_id, c.id, c.version
      FROM connections c JOIN accounts a ON a.id = c.account_id
     WHERE c.kind = 'email' AND c.archived_at IS NULL AND a.archived_at IS NULL AND c.status <> 'paused'
$$;

-- A mailbox by the key that stands in the address of its inbound hook.
CREATE OR REPLACE FUNCTION directory_connection(wanted text, wanted_kind text)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.account_id, c.id
      FROM connections c JOIN accounts a ON a.id = c.account_id
     WHERE c.public_key = wanted AND c.kind = wanted_kind AND c.archived_at IS NULL AND a.archived_at IS NULL
$$;

-- How the mailboxes of all organisations are, for /metrics: the organisation's short name, the mailbox's own address, no customer's.
CREATE OR REPLACE FUNCTION email_mailbox_figures()
    RETURNS TABLE (account text, mailbox text, failing boolean, waiting integer, looked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.slug, coalesce(nullif(lower(c.config ->> 'address'), ''), c.name),
           c.status = 'disconnected' OR b.failing_since IS NOT NULL OR b.send_failing_since IS NOT NULL,
           coalesce(b.waiting, 0), b.looked_at
      FROM connections c
      JOIN accounts a ON a.id = c.account_id
      LEFT JOIN mailboxes b ON b.account_id = c.account_id AND b.connection_id = c.id
     WHERE c.kind = 'email' AND c.archived_at IS NULL AND a.archived_at IS NULL AND c.status <> 'paused'
$$;

REVOKE ALL ON FUNCTION email_mailboxes(), email_mailbox_figures(), directory_connection(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION email_mailboxes(), email_mailbox_figures() TO svardesk_system;
GRANT EXECUTE ON FUNCTION directory_connection(text, text) TO svardesk_app;
