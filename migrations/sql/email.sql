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

REVOKE ALL ON FUNCTION email_mailboxes(), directory_connection(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION email_mailboxes() TO svardesk_system;
GRANT EXECUTE ON FUNCTION directory_connection(text, text) TO svardesk_app;
