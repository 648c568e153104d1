-- The two hottest verbs of the house, each one round trip: a message comes in, an agent's message goes out. They run as
-- the caller's role under row-level security. Every statement inside sees what was committed when it began, so the row
-- lock of the conversation, taken first, puts everything after it in order.

-- Who a contact is known as stands in both views in full: a function would cost more than all the rest, and under row-level
-- security no index serves a comparison with coalesce().
--
-- One line of the inbox: what the wire's ConversationRow is made of. contact_id is the person, who may be known by several
-- contacts; own_contact_id the contact that the thread is with. New columns go to the end.
CREATE OR REPLACE VIEW conversation_rows WITH (security_invoker = true) AS
SELECT c.account_id, c.id, c.number, c.channel, c.status, c.snoozed_until, c.subject, c.preview, c.preview_kind,
    coalesce(p.merged_into_id, c.contact_id) AS contact_id,
    CASE
    WHEN p.merged_into_id IS NOT NULL THEN (
        SELECT nullif(coalesce(r.name, (
            SELECT m.name FROM contacts m
            WHERE m.account_id = r.account_id AND m.merged_into_id = r.id AND m.name <> ''
            ORDER BY m.created_at, m.id LIMIT 1
        )), '')
        FROM contacts r WHERE r.account_id = p.account_id AND r.id = p.merged_into_id
    )
    WHEN p.name IS NULL THEN (
        SELECT m.name FROM contacts m
        WHERE m.account_id = p.account_id AND m.merged_into_id = p.id AND m.name <> ''
        ORDER BY m.created_at, m.id LIMIT 1
    )
    ELSE nullif(p.name, '') END AS contact_name, c.assignee_id, c.team_id, c.brand_id, c.locale,
    ARRAY(
        SELECT t.tag_id FROM conversation_tags t
        WHERE t.account_id = c.account_id AND t.conversation_id = c.id ORDER BY t.created_at, t.tag_id
    ) AS tags,
    c.last_seq, c.last_public_seq, c.last_customer_seq, c.waiting_since, c.last_activity_at, c.created_at, c.closed_at,
    c.version, c.archived_at, c.connection_id, c.contact_id AS own_contact_id, c.window_from, c.window_until
FROM conversations c
LEFT JOIN contacts p ON p.account_id = c.account_id AND p.id = c.contact_id;
GRANT SELECT ON conversation_rows TO svardesk_app;

-- One message with its author's name and its files. New columns go to the end.
CREATE OR REPLACE VIEW message_rows WITH (security_invoker = true) AS
SELECT m.account_id, m.id, m.conversation_id, m.seq, m.kind, m.author_kind,
    coalesce(p.merged_into_id, m.author_id) AS author_id,
    CASE WHEN m.author_kind = 'agent' THEN a.name WHEN m.author_kind <> 'contact' THEN NULL
    ELSE CASE
    WHEN p.merged_into_id IS NOT NULL THEN (
        SELECT nullif(coalesce(r.name, (
            SELECT m.name FROM contacts m
            WHERE m.account_id = r.account_id AND m.merged_into_id = r.id AND m.name <> ''
            ORDER BY m.created_at, m.id LIMIT 1
        )), '')
        FROM contacts r WHERE r.account_id = p.account_id AND r.id = p.merged_into_id
    )
    WHEN p.name IS NULL THEN (
        SELECT m.name FROM contacts m
        WHERE m.account_id = p.account_id AND m.merged_into_id = p.id AND m.name <> ''
        ORDER BY m.created_at, m.id LIMIT 1
    )
    ELSE nullif(p.name, '') END END AS author_name,
    m.body, m.state, m.state_reason, m.client_id, m.actor, m.mention_ids, m.details, m.created_at, m.version, m.silent,
    m.deleted_at IS NOT NULL AS deleted,
    (
        SELECT json_agg(json_build_object('id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type,
            'url', '/files/' || f.id, 'image', f.image) ORDER BY f.created_at, f.id)
        FROM files f WHERE f.account_id = m.account_id AND f.message_id = m.id
    ) AS attachments,
    m.automated, m.send_at, m.edited_at
FROM messages m
LEFT JOIN agents a ON m.author_kind = 'agent' AND a.account_id = m.account_id AND a.id = m.author_id
LEFT JOIN contacts p ON m.author_kind = 'contact' AND p.account_id = m.account_id AND p.id = m.author_id;
GRANT SELECT ON message_rows TO svardesk_app;

-- Whether an agent may see a person: with no conversation yet, or with one at least that the agent may see (or might, were
-- it not archived). p_hidden are the closed teams whose conversations this agent may not see. All contacts that are one person
-- are seen together. A function, because the rooms below ask it too.
CREATE OR REPLACE FUNCTION sees_contact(p_account uuid, p_contact uuid, p_agent uuid, p_hidden uuid[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT cardinality(p_hidden) = 0
        OR EXISTS (
            SELECT FROM public.conversations c
            WHERE c.account_id = p_account AND c.contact_id = ANY ((SELECT public.person_contacts(p_account, p_contact))::uuid[])
                AND (c.team_id IS NULL OR c.assignee_id = p_agent OR NOT (c.team_id = ANY (p_hidden)))
        )
        OR NOT EXISTS (
            SELECT FROM public.conversations c
            WHERE c.account_id = p_account AND c.contact_id = ANY ((SELECT public.person_contacts(p_account, p_contact))::uuid[])
        )
$$;

-- Whether some contacts are known behind the walls of closed teams only: no conversation stands where everybody may see it.
-- Nothing but an agent may bring such a person together with another one.
CREATE OR REPLACE FUNCTION contacts_walled(p_account uuid, p_contacts uuid[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_and(t.closed IS TRUE), false) FROM public.conversations c
    LEFT JOIN public.teams t ON t.account_id = c.account_id AND t.id = c.team_id
    WHERE c.account_id = p_account AND c.contact_id = ANY (p_contacts)
$$;

-- The person behind some contacts is shown as somebody else from now on: their conversations get a new version, so that every
-- browser takes the new line. The contacts room calls it with the contacts locked.
CREATE OR REPLACE FUNCTION conversations_touched(p_account uuid, p_contacts uuid[]) RETURNS void
LANGUAGE sql AS $$
    UPDATE public.conversations c SET version = c.version + 1
    WHERE c.account_id = p_account AND c.contact_id = ANY (p_contacts) AND c.archived_at IS NULL
$$;

-- Takes a message of a customer. Finds the conversation by p_conversation or by (p_connection, p_thread), or starts one
-- (p_new_conversation) for p_contact. A silent message (only thanks, emoji) starts no clock, reopens nothing, ends no
-- snooze. The same (p_actor, p_client) again changes nothing.
-- outcome: received, started, repeated, contact_missing (a new conversation needs p_contact), files_missing.
CREATE OR REPLACE FUNCTION receive_message(
    p_account uuid, p_now timestamptz, p_message uuid, p_actor text, p_client uuid, p_body text, p_preview text,
    p_silent boolean, p_conversation uuid, p_connection uuid, p_thread text, p_new_conversation uuid, p_contact uuid,
    p_identity uuid, p_channel text, p_brand uuid, p_team uuid, p_locale text, p_subject text, p_external text,
    p_occurred timestamptz, p_automated boolean, p_files uuid[]
) RETURNS TABLE (
    outcome text, conversation_id uuid, message_id uuid, seq integer, status text, version bigint, created_at timestamptz,
    contact_id uuid
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    held record;
    fresh boolean := false;
    found_number bigint;
    found_count integer;
    next_status text;
    shown text := p_preview;
BEGIN
    LOOP
        IF p_conversation IS NOT NULL THEN
            SELECT c.id, c.contact_id, c.status, c.last_seq, c.version INTO held FROM conversations c
            WHERE c.account_id = p_account AND c.id = p_conversation AND c.archived_at IS NULL FOR NO KEY UPDATE;
        ELSE
            SELECT NULL::uuid AS id INTO held;
        END IF;
        IF held.id IS NULL AND p_thread IS NOT NULL THEN
            SELECT c.id, c.contact_id, c.status, c.last_seq, c.version INTO held FROM conversations c
            WHERE c.account_id = p_account AND c.connection_id = p_connection AND c.external_thread_key = p_thread
                AND c.archived_at IS NULL FOR NO KEY UPDATE;
        END IF;
        -- A second copy of a first message may have no conversation of its own to find, so ask before starting one.
        IF p_client IS NOT NULL AND (held.id IS NULL OR cardinality(p_files) > 0) THEN
            RETURN QUERY SELECT 'repeated', m.conversation_id, m.id, m.seq, c.status, c.version, m.created_at, c.contact_id
            FROM messages m JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
            WHERE m.account_id = p_account AND m.actor = p_actor AND m.client_id = p_client;
            IF FOUND THEN
                RETURN;
            END IF;
        END IF;
        IF cardinality(p_files) > 0 THEN
            PERFORM 1 FROM files f WHERE f.account_id = p_account AND f.id = ANY (p_files) AND f.actor = p_actor
                AND f.message_id IS NULL FOR UPDATE;
            GET DIAGNOSTICS found_count = ROW_COUNT;
            IF found_count <> cardinality(p_files) THEN
                RETURN QUERY SELECT 'files_missing', NULL::uuid, NULL::uuid, NULL::int, NULL::text, NULL::bigint,
                    NULL::timestamptz, NULL::uuid;
                RETURN;
            END IF;
        END IF;
        EXIT WHEN held.id IS NOT NULL;
        IF p_contact IS NULL THEN
            RETURN QUERY SELECT 'contact_missing', NULL::uuid, NULL::uuid, NULL::int, NULL::text, NULL::bigint,
                NULL::timestamptz, NULL::uuid;
            RETURN;
        END IF;
        UPDATE accounts SET next_number = next_number + 1 WHERE id = p_account RETURNING next_number - 1 INTO found_number;
        INSERT INTO conversations (account_id, id, number, channel, connection_id, external_thread_key, contact_id,
            identity_id, brand_id, team_id, locale, subject, status, last_activity_at, created_at)
        VALUES (p_account, p_new_conversation, found_number, p_channel, p_connection, p_thread, p_contact,
            p_identity, p_brand, p_team, p_locale, p_subject, 'open', p_now, p_now)
        ON CONFLICT (account_id, connection_id, external_thread_key)
            WHERE external_thread_key IS NOT NULL AND archived_at IS NULL DO NOTHING;
        IF FOUND THEN
            fresh := true;
            SELECT c.id, c.contact_id, c.status, c.last_seq, c.version INTO held FROM conversations c
            WHERE c.account_id = p_account AND c.id = p_new_conversation;
            EXIT;
        END IF;
        -- Somebody started this very thread a moment ago: take theirs. (Also when the named conversation is archived.)
        p_conversation := NULL;
    END LOOP;

    INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, author_id, body, actor, client_id,
        external_id, silent, automated, occurred_at, created_at)
    VALUES (p_account, p_message, held.id, held.last_seq + 1, 'inbound', 'contact', held.contact_id, p_body, p_actor,
        p_client, p_external, p_silent, p_automated, p_occurred, p_now)
    ON CONFLICT (account_id, actor, client_id) WHERE client_id IS NOT NULL DO NOTHING;
    IF NOT FOUND THEN
        IF fresh THEN
            -- Two first messages with one client id and no thread key: nothing may be left of this conversation.
            DELETE FROM conversations c WHERE c.account_id = p_account AND c.id = p_new_conversation;
        END IF;
        RETURN QUERY SELECT 'repeated', m.conversation_id, m.id, m.seq, c.status, c.version, m.created_at, c.contact_id
        FROM messages m JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
        WHERE m.account_id = p_account AND m.actor = p_actor AND m.client_id = p_client;
        RETURN;
    END IF;

    IF cardinality(p_files) > 0 THEN
        UPDATE files f SET message_id = p_message, conversation_id = held.id
        WHERE f.account_id = p_account AND f.id = ANY (p_files);
        IF shown = '' THEN
            shown := (SELECT f.name FROM files f WHERE f.account_id = p_account AND f.id = p_files[1]);
        END IF;
    END IF;

    next_status := CASE WHEN p_silent THEN held.status ELSE 'open' END;
    UPDATE conversations c SET
        last_seq = held.last_seq + 1,
        last_public_seq = held.last_seq + 1,
        last_customer_seq = held.last_seq + 1,
        preview = shown,
        preview_kind = 'inbound',
        status = next_status,
        snoozed_until = CASE WHEN next_status = 'snoozed' THEN c.snoozed_until END,
        closed_at = CASE WHEN next_status = 'closed' THEN c.closed_at END,
        waiting_since = CASE WHEN p_silent THEN c.waiting_since ELSE coalesce(c.waiting_since, p_now) END,
        last_customer_at = p_now,
        last_activity_at = greatest(c.last_activity_at, p_now),
        version = c.version + 1
    WHERE c.account_id = p_account AND c.id = held.id;

    IF fresh THEN
        INSERT INTO event_outbox (account_id, stream, type, version, payload)
        VALUES (p_account, held.id, 'conversation_started', 1,
            jsonb_build_object('stream', held.id, 'contact_id', held.contact_id, 'message_id', p_message));
    END IF;
    INSERT INTO event_outbox (account_id, stream, type, version, payload)
    VALUES (p_account, held.id, 'message_received', 1, jsonb_build_object('stream', held.id, 'message_id', p_message,
        'seq', held.last_seq + 1, 'silent', p_silent));
    IF next_status <> held.status THEN
        INSERT INTO event_outbox (account_id, stream, type, version, payload)
        VALUES (p_account, held.id, 'conversation_changed', 1, jsonb_build_object('stream', held.id,
            'what', jsonb_build_array('status'), 'version', held.version + 1, 'agent_id', NULL, 'message_id', NULL));
    END IF;
    RETURN QUERY SELECT CASE WHEN fresh THEN 'started' ELSE 'received' END, held.id, p_message, held.last_seq + 1,
        next_status, held.version + 1, p_now, held.contact_id;
END
$$;

-- Posts an agent's answer or note. p_hidden are the closed teams whose conversations this agent may not see.
-- outcome: posted, repeated, not_found, newer_exists (seq = the last public one), answer_locked (other_id, other_name =
-- who is answering), files_missing, client_id_taken (by a message in another conversation). line = the conversation afterwards, other_name = the author when posted.
CREATE OR REPLACE FUNCTION post_message(
    p_account uuid, p_now timestamptz, p_agent uuid, p_hidden uuid[], p_conversation uuid, p_message uuid, p_kind text,
    p_body text, p_preview text, p_actor text, p_client uuid, p_based_on integer, p_confirm boolean, p_then text,
    p_files uuid[], p_mentions uuid[]
) RETURNS TABLE (
    outcome text, message_id uuid, seq integer, other_id uuid, other_name text, line conversation_rows, mentioned uuid[]
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    held record;
    found_count integer;
    next_status text;
    next_assignee uuid;
    shown text := p_preview;
    told uuid[];
    what text[] := '{}';
BEGIN
    SELECT c.id, c.status, c.last_seq, c.last_public_seq, c.assignee_id, c.team_id, c.first_answered_at, c.version INTO held
    FROM conversations c
    WHERE c.account_id = p_account AND c.id = p_conversation AND c.archived_at IS NULL
        AND (c.team_id IS NULL OR c.assignee_id = p_agent OR NOT (c.team_id = ANY (p_hidden)))
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::int, NULL::uuid, NULL::text, NULL::conversation_rows, NULL::uuid[];
        RETURN;
    END IF;
    RETURN QUERY SELECT CASE WHEN r.id IS NULL THEN 'client_id_taken' ELSE 'repeated' END, m.id, m.seq, NULL::uuid, NULL::text,
        r, m.mention_ids
    FROM messages m
    -- Only this conversation has been found to be one that the agent may see.
    LEFT JOIN conversation_rows r
        ON r.account_id = m.account_id AND r.id = m.conversation_id AND m.conversation_id = p_conversation
    WHERE m.account_id = p_account AND m.actor = p_actor AND m.client_id = p_client;
    IF FOUND THEN
        RETURN;
    END IF;
    IF p_kind = 'answer' AND NOT p_confirm THEN
        -- The author's own earlier messages are no news to the author: two quick answers may both be on their way.
        IF p_based_on < held.last_public_seq AND EXISTS (
            SELECT FROM messages m
            WHERE m.account_id = p_account AND m.conversation_id = p_conversation AND m.seq > p_based_on
                AND m.kind IN ('inbound', 'answer') AND NOT m.automated
                AND NOT (m.author_kind = 'agent' AND m.author_id = p_agent)
        ) THEN
            RETURN QUERY SELECT 'newer_exists', NULL::uuid, held.last_public_seq, NULL::uuid, NULL::text,
                NULL::conversation_rows, NULL::uuid[];
            RETURN;
        END IF;
        -- A lease of the realtime room, read here because it must hold in the same breath as the answer is stored.
        RETURN QUERY SELECT 'answer_locked', NULL::uuid, NULL::int, l.agent_id, a.name, NULL::conversation_rows, NULL::uuid[]
        FROM conversation_presence l JOIN agents a ON a.account_id = l.account_id AND a.id = l.agent_id
        WHERE l.account_id = p_account AND l.conversation_id = p_conversation AND l.kind = 'answering'
            AND l.agent_id <> p_agent AND l.until > p_now
        LIMIT 1;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    IF cardinality(p_files) > 0 THEN
        PERFORM 1 FROM files f WHERE f.account_id = p_account AND f.id = ANY (p_files) AND f.actor = p_actor
            AND f.message_id IS NULL FOR UPDATE;
        GET DIAGNOSTICS found_count = ROW_COUNT;
        IF found_count <> cardinality(p_files) THEN
            RETURN QUERY SELECT 'files_missing', NULL::uuid, NULL::int, NULL::uuid, NULL::text, NULL::conversation_rows,
                NULL::uuid[];
            RETURN;
        END IF;
    END IF;
    IF cardinality(p_mentions) > 0 THEN
        -- Whoever may not see the conversation is not told of it: a closed team stays closed.
        told := ARRAY(
            SELECT a.id FROM agents a
            WHERE a.account_id = p_account AND a.id = ANY (p_mentions) AND a.archived_at IS NULL AND (
                a.role IN ('owner', 'lead') OR a.id = held.assignee_id OR NOT EXISTS (
                    SELECT FROM teams t WHERE t.account_id = p_account AND t.id = held.team_id AND t.closed
                ) OR EXISTS (
                    SELECT FROM team_members m
                    WHERE m.account_id = p_account AND m.team_id = held.team_id AND m.agent_id = a.id
                )
            )
        );
    END IF;

    INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, author_id, body, actor, client_id,
        state, mention_ids, created_at)
    VALUES (p_account, p_message, p_conversation, held.last_seq + 1, p_kind, 'agent', p_agent, p_body, p_actor, p_client,
        CASE p_kind WHEN 'answer' THEN 'queued' END, told, p_now);

    IF cardinality(p_files) > 0 THEN
        UPDATE files f SET message_id = p_message, conversation_id = p_conversation
        WHERE f.account_id = p_account AND f.id = ANY (p_files);
        IF shown = '' THEN
            shown := (SELECT f.name FROM files f WHERE f.account_id = p_account AND f.id = p_files[1]);
        END IF;
    END IF;
    IF cardinality(told) > 0 THEN
        INSERT INTO mentions (account_id, id, message_id, conversation_id, agent_id, created_at)
        SELECT p_account, gen_random_uuid(), p_message, p_conversation, one, p_now FROM unnest(told) AS one;
    END IF;

    IF p_kind = 'answer' THEN
        next_status := p_then;
        next_assignee := coalesce(held.assignee_id, p_agent);
        UPDATE conversations c SET
            last_seq = held.last_seq + 1,
            last_public_seq = held.last_seq + 1,
            last_answer_seq = held.last_seq + 1,
            preview = shown,
            preview_kind = 'answer',
            status = next_status,
            snoozed_until = NULL,
            closed_at = CASE WHEN next_status = 'closed' THEN p_now END,
            waiting_since = NULL,
            first_answered_at = coalesce(c.first_answered_at, p_now),
            assignee_id = next_assignee,
            last_activity_at = greatest(c.last_activity_at, p_now),
            version = c.version + 1
        WHERE c.account_id = p_account AND c.id = p_conversation;
        INSERT INTO event_outbox (account_id, stream, type, version, payload)
        VALUES (p_account, p_conversation, 'answer_posted', 1, jsonb_build_object('stream', p_conversation,
            'message_id', p_message, 'seq', held.last_seq + 1, 'agent_id', p_agent,
            'first', held.first_answered_at IS NULL));
        IF next_status <> held.status THEN
            what := what || 'status'::text;
        END IF;
        IF held.assignee_id IS NULL THEN
            what := what || 'assignee'::text;
        END IF;
        IF cardinality(what) > 0 THEN
            INSERT INTO event_outbox (account_id, stream, type, version, payload)
            VALUES (p_account, p_conversation, 'conversation_changed', 1, jsonb_build_object('stream', p_conversation,
                'what', to_jsonb(what), 'version', held.version + 1, 'agent_id', p_agent, 'message_id', NULL));
        END IF;
    ELSE
        UPDATE conversations c SET
            last_seq = held.last_seq + 1,
            preview = shown,
            preview_kind = 'note',
            last_activity_at = greatest(c.last_activity_at, p_now),
            version = c.version + 1
        WHERE c.account_id = p_account AND c.id = p_conversation;
        INSERT INTO event_outbox (account_id, stream, type, version, payload)
        VALUES (p_account, p_conversation, 'note_added', 1, jsonb_build_object('stream', p_conversation,
            'message_id', p_message, 'seq', held.last_seq + 1, 'agent_id', p_agent));
    END IF;
    IF cardinality(told) > 0 THEN
        INSERT INTO event_outbox (account_id, stream, type, version, payload)
        SELECT p_account, p_conversation, 'agent_mentioned', 1, jsonb_build_object('stream', p_conversation,
            'message_id', p_message, 'agent_id', one)
        FROM unnest(told) AS one;
    END IF;
    RETURN QUERY SELECT 'posted', p_message, held.last_seq + 1, p_agent, a.name, r, told
    FROM conversation_rows r, agents a
    WHERE r.account_id = p_account AND r.id = p_conversation AND a.account_id = p_account AND a.id = p_agent;
END
$$;

-- Snoozes that are over, in all accounts, oldest first: which accounts the sweep must visit.
CREATE OR REPLACE FUNCTION conversations_to_wake(p_now timestamptz, p_limit integer)
RETURNS TABLE (account_id uuid, conversation_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.account_id, c.id FROM public.conversations c
    WHERE c.status = 'snoozed' AND c.snoozed_until <= p_now
    ORDER BY c.snoozed_until LIMIT p_limit
$$;

REVOKE ALL ON FUNCTION conversations_to_wake(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION conversations_to_wake(timestamptz, integer) TO svardesk_system;

-- Over all organisations: conversations whose customer waits and whose time to answer ends before p_until, each once for an end.
CREATE OR REPLACE FUNCTION conversations_closing(p_now timestamptz, p_until timestamptz, p_limit integer)
    RETURNS TABLE (account_id uuid, conversation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT c.account_id, c.id FROM conversations c
     WHERE c.window_until > p_now AND c.window_until <= p_until AND c.waiting_since IS NOT NULL
       AND c.window_alarm IS DISTINCT FROM c.window_until AND c.archived_at IS NULL
     ORDER BY c.window_until LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION conversations_closing(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION conversations_closing(timestamptz, timestamptz, integer) TO svardesk_system;
