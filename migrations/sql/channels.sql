-- What the channels room needs beside its tables: directory functions, claims over all organisations, the one statement
-- that takes a visitor's message.
--
-- Directory functions answer before the account is known; they run as the tables' owner and are granted to the app role.
-- Claims run over all organisations and are granted to the system role: they answer ids and change nothing but leases.

-- A widget by the key that stands in the shop's page.
CREATE OR REPLACE FUNCTION directory_widget(wanted text)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.account_id, c.id
      FROM connections c JOIN accounts a ON a.id = c.account_id
     WHERE c.public_key = wanted AND c.archived_at IS NULL AND a.archived_at IS NULL
$$;

-- A visitor by the hash of the token: everything that a request needs to know of them, because this runs for each
-- message of a visitor whom this process does not remember. Who holds the token may know all of it.
CREATE OR REPLACE FUNCTION directory_visitor(wanted bytea, at timestamptz)
    RETURNS TABLE (
        account_id uuid, id uuid, connection_id uuid, contact_id uuid, identity_id uuid, conversation_id uuid,
        signed boolean, locale text, page_url text, page_title text, brand_id uuid, team_id uuid, calendar_id uuid,
        expires_at timestamptz, last_seen_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.account_id, s.id, s.connection_id, s.contact_id, s.identity_id, s.conversation_id,
           coalesce(i.trust = 'signed_token', false), s.locale, s.page_url, s.page_title, c.brand_id, c.team_id,
           c.calendar_id, s.expires_at, s.last_seen_at
      FROM webchat_sessions s
      JOIN connections c ON c.account_id = s.account_id AND c.id = s.connection_id
      JOIN accounts a ON a.id = s.account_id
      LEFT JOIN identities i ON i.account_id = s.account_id AND i.id = s.identity_id
     WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > at
       AND c.archived_at IS NULL AND a.archived_at IS NULL
$$;

-- Deliveries that are due, of all organisations, each leased to the caller under a new fence. The first of a conversation
-- only: whatever is still on its way holds back what was written after it. A lease that ran out while `sending` means
-- that a worker vanished in the middle: once it was handed over nobody knows whether the message went out, so it becomes
-- `unknown`; before that it surely did not, and is sent again, which counts as another attempt. What waits for a time holds back only what waits longer. A
-- lease that ends later than one given now was given before the clock was put back, and what is queued or under way waits for no time.
CREATE OR REPLACE FUNCTION channels_claim_deliveries(at timestamptz, lease interval, most integer)
    RETURNS TABLE (account_id uuid, id uuid, state text, fence bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT d.account_id, d.id
          FROM deliveries d
         WHERE d.state IN ('queued', 'sending', 'failed_temporary', 'unknown', 'scheduled')
           AND (d.due_at <= at OR d.state IN ('queued', 'sending'))
           AND (d.lease_until IS NULL OR d.lease_until <= at OR d.lease_until > at + lease)
           AND NOT EXISTS (
               SELECT 1 FROM deliveries earlier
                WHERE earlier.account_id = d.account_id AND earlier.conversation_id = d.conversation_id
                  AND earlier.seq < d.seq
                  AND (earlier.state IN ('queued', 'sending', 'failed_temporary', 'unknown')
                       OR (earlier.state = 'scheduled' AND d.state = 'scheduled' AND earlier.due_at <= d.due_at)))
         ORDER BY d.due_at, d.seq
         LIMIT most
           FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE deliveries d
       SET state = CASE WHEN d.state = 'unknown' OR (d.state = 'sending' AND d.handed_at IS NOT NULL) THEN 'unknown'
                        ELSE 'sending' END,
           attempt = d.attempt + CASE WHEN d.state = 'sending' AND d.handed_at IS NOT NULL THEN 0 ELSE 1 END,
           handed_at = CASE WHEN d.state = 'unknown' OR d.state = 'sending' THEN d.handed_at END,
           fence = d.fence + 1,
           lease_until = at + lease
      FROM due
     WHERE d.account_id = due.account_id AND d.id = due.id
    RETURNING d.account_id, d.id, d.state, d.fence
$$;

-- Envelopes that are due for parsing, oldest first, over all organisations; the lease is the new due_at. One that is due
-- later than any lease given now was stored or leased before the clock was put back.
CREATE OR REPLACE FUNCTION channels_claim_envelopes(at timestamptz, lease interval, most integer)
    RETURNS TABLE (account_id uuid, id uuid, attempts integer)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT e.account_id, e.id
          FROM envelopes e
         WHERE e.state = 'received' AND (e.due_at <= at OR e.due_at > at + lease)
         ORDER BY e.due_at, e.id
         LIMIT most
           FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE envelopes e
       SET attempts = e.attempts + 1, due_at = at + lease
      FROM due
     WHERE e.account_id = due.account_id AND e.id = due.id
    RETURNING e.account_id, e.id, e.attempts
$$;

-- Files at a provider that are due to be fetched, of all organisations; the lease is the new due_at.
CREATE OR REPLACE FUNCTION channels_claim_media(at timestamptz, lease interval, most integer)
    RETURNS TABLE (account_id uuid, id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS (
        SELECT m.account_id, m.id FROM media m
         WHERE m.state = 'waiting' AND m.due_at <= at
         ORDER BY m.due_at LIMIT most FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE media m SET attempt = m.attempt + 1, due_at = at + lease
      FROM due WHERE m.account_id = due.account_id AND m.id = due.id
    RETURNING m.account_id, m.id
$$;

-- Uploads that never became part of a message.
CREATE OR REPLACE FUNCTION channels_orphan_files(older_than timestamptz, most integer)
    RETURNS TABLE (account_id uuid, id uuid, sha256 text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT f.account_id, f.id, f.sha256 FROM files f
     WHERE f.message_id IS NULL AND f.created_at < older_than
       AND NOT EXISTS (SELECT 1 FROM drafts d WHERE d.account_id = f.account_id AND f.id = ANY (d.file_ids))
     ORDER BY f.created_at LIMIT most
$$;

-- A visitor's message in one round trip, as the caller's role under row-level security: names the account, lets the
-- conversations room take the message, keeps the raw bytes. Runs as a statement of its own (autocommit), so it is one
-- transaction. outcome: as receive_message; `elsewhere` = this client id came in under another actor of this connection.
-- Breaks with no_data_found, which undoes everything, when the session has ended: the process that calls may remember it for
-- a moment longer.
CREATE OR REPLACE FUNCTION webchat_take(
    p_account uuid, p_now timestamptz, p_connection uuid, p_session uuid, p_envelope uuid, p_item uuid, p_raw bytea,
    p_headers jsonb, p_key text, p_message uuid, p_client uuid, p_body text, p_preview text, p_silent boolean,
    p_conversation uuid, p_thread text, p_new_conversation uuid, p_contact uuid, p_identity uuid, p_channel text,
    p_brand uuid, p_team uuid, p_locale text, p_occurred timestamptz, p_files uuid[]
) RETURNS TABLE (
    outcome text, conversation_id uuid, message_id uuid, seq integer, status text, version bigint, created_at timestamptz,
    contact_id uuid
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    got record;
BEGIN
    PERFORM set_config('svardesk.account', p_account::text, true);
    -- The unique key comes first and says whether this is new: a second copy at the same moment waits here for the first
    -- and then finds it.
    INSERT INTO inbound_items (account_id, id, envelope_id, connection_id, idempotency_key, type, state, created_at)
    VALUES (p_account, p_item, p_envelope, p_connection, p_key, 'message', 'done', p_now)
    ON CONFLICT (account_id, connection_id, idempotency_key) DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT CASE WHEN m.actor = 'visitor:' || p_session THEN 'repeated' ELSE 'elsewhere' END,
            m.conversation_id, m.id, m.seq, c.status, c.version, m.created_at, c.contact_id
        FROM messages m JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
        WHERE m.account_id = p_account AND m.client_id = p_client
          AND (m.conversation_id = p_conversation OR m.actor = 'visitor:' || p_session);
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'taken', NULL::uuid, NULL::uuid, NULL::int, NULL::text, NULL::bigint, NULL::timestamptz,
                NULL::uuid;
        END IF;
        RETURN;
    END IF;
    SELECT * INTO got FROM receive_message(p_account, p_now, p_message, 'visitor:' || p_session, p_client, p_body,
        p_preview, p_silent, p_conversation, p_connection, p_thread, p_new_conversation, p_contact, p_identity, p_channel,
        p_brand, p_team, p_locale, NULL, NULL, p_occurred, false, p_files);
    IF got.outcome IN ('received', 'started') THEN
        -- Asked after the conversation's lock was waited for: an erasure that held it has taken the session with it.
        IF NOT EXISTS (SELECT FROM webchat_sessions s
                        WHERE s.account_id = p_account AND s.id = p_session AND s.revoked_at IS NULL) THEN
            RAISE no_data_found USING MESSAGE = 'this session has ended';
        END IF;
        INSERT INTO envelopes (account_id, id, connection_id, received_at, sha256, raw, headers, state, attempts, contact_id)
        VALUES (p_account, p_envelope, p_connection, p_now, sha256(p_raw), p_raw, p_headers, 'parsed', 1, got.contact_id);
    ELSE
        -- Nothing was taken: the key stays free for the retry that brings what was missing.
        DELETE FROM inbound_items i WHERE i.account_id = p_account AND i.id = p_item;
    END IF;
    RETURN QUERY SELECT got.outcome, got.conversation_id, got.message_id, got.seq, got.status, got.version,
        got.created_at, got.contact_id;
END
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['directory_widget(text)', 'directory_visitor(bytea, timestamptz)'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO svardesk_app', signature);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        'channels_claim_deliveries(timestamptz, interval, integer)',
        'channels_claim_envelopes(timestamptz, interval, integer)',
        'channels_claim_media(timestamptz, interval, integer)',
        'channels_orphan_files(timestamptz, integer)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO svardesk_system', signature);
    END LOOP;
END
$$;
