-- name: visitor
-- Whose token is this?
SELECT account_id, id, connection_id, contact_id, identity_id, conversation_id, signed, locale, page_url, page_title, brand_id,
    team_id, calendar_id, expires_at, last_seen_at
FROM directory_visitor(:token_hash, :now);

-- name: hold_session
-- One session, held until the transaction ends.
SELECT s.id, s.connection_id, s.contact_id, s.identity_id, s.conversation_id, s.locale, s.page_url, s.page_title,
    s.expires_at, s.revoked_at, s.created_at, s.attributes, s.signed_attributes, i.trust = 'signed_token' AS signed, i.address
FROM webchat_sessions s
LEFT JOIN identities i ON i.account_id = s.account_id AND i.id = s.identity_id
WHERE s.account_id = :account_id AND s.id = :id
FOR NO KEY UPDATE OF s;

-- name: sessions_of
-- Which sessions show one of these conversations?
SELECT id FROM webchat_sessions WHERE account_id = :account_id AND conversation_id = ANY(:conversation_ids);

-- name: add_session
-- A browser opened the chat.
INSERT INTO webchat_sessions (account_id, id, connection_id, contact_id, identity_id, conversation_id, token_hash, locale,
    page_url, page_title, ip_prefix, attributes, signed_attributes, created_at, last_seen_at, expires_at)
VALUES (:account_id, :id, :connection_id, :contact_id, :identity_id, :conversation_id, :token_hash, :locale, :page_url,
    :page_title, :ip_prefix, :attributes, :signed_attributes, :now, :now, :expires_at);

-- name: renew_session
-- The same browser opened the chat again.
UPDATE webchat_sessions
SET contact_id = :contact_id, identity_id = :identity_id, conversation_id = :conversation_id, locale = :locale,
    page_url = :page_url, page_title = :page_title, attributes = :attributes, signed_attributes = :signed_attributes,
    last_seen_at = :now, expires_at = :expires_at
WHERE account_id = :account_id AND id = :id;

-- name: session_started_conversation
-- The first message made contact and conversation.
UPDATE webchat_sessions SET contact_id = :contact_id, identity_id = :identity_id, conversation_id = :conversation_id
WHERE account_id = :account_id AND id = :id;

-- name: session_page
-- The visitor went to another page.
UPDATE webchat_sessions SET page_url = :page_url, page_title = :page_title, last_seen_at = :now
WHERE account_id = :account_id AND id = :id;

-- name: revoke_session
-- Log-out: the token opens nothing any more.
UPDATE webchat_sessions SET revoked_at = :now WHERE account_id = :account_id AND id = :id AND revoked_at IS NULL;

-- name: conversation_of_identity
-- The conversation that a signed visitor had last in this widget, also as somebody unknown before they signed in.
SELECT id FROM conversations
WHERE account_id = :account_id AND contact_id = ANY(:contact_id::uuid || :before_sign_in::uuid[])
    AND (contact_id <> :contact_id OR identity_id = :identity_id)
    AND connection_id = :connection_id AND archived_at IS NULL
ORDER BY last_activity_at DESC, id DESC
LIMIT 1;

-- name: snapshot_conversation
-- How the visitor's conversation stands.
SELECT id, status, last_public_seq, visitor_delivered_seq, visitor_read_seq, agents_delivered_seq, agents_read_seq
FROM conversations
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: messages
-- What the visitor sees of a conversation, newest first: no notes, nothing that was taken back.
SELECT m.id, m.conversation_id, m.seq, m.kind, m.author_kind, m.author_id, a.name AS author_name, m.body, m.client_id,
    m.state, m.created_at, m.version, c.agents_delivered_seq, c.agents_read_seq,
    (SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type,
            'image', f.image) ORDER BY f.created_at, f.id)
        FROM files f WHERE f.account_id = m.account_id AND f.message_id = m.id) AS attachments
FROM messages m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
LEFT JOIN agents a ON m.author_kind = 'agent' AND a.account_id = m.account_id AND a.id = m.author_id
WHERE m.account_id = :account_id AND m.conversation_id = :conversation_id AND m.kind IN ('inbound', 'answer')
    AND m.deleted_at IS NULL AND m.state IS DISTINCT FROM 'cancelled' AND m.seq < :before_seq
ORDER BY m.seq DESC
LIMIT :limit;

-- name: messages_by_id
-- The same for certain messages, in their order: what frames are made of.
SELECT m.id, m.conversation_id, m.seq, m.kind, m.author_kind, m.author_id, a.name AS author_name, m.body, m.client_id,
    m.state, m.created_at, m.version, c.agents_delivered_seq, c.agents_read_seq,
    (SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type,
            'image', f.image) ORDER BY f.created_at, f.id)
        FROM files f WHERE f.account_id = m.account_id AND f.message_id = m.id) AS attachments
FROM unnest(:ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM messages m
    WHERE m.account_id = :account_id AND m.id = wanted.id AND m.kind IN ('inbound', 'answer')
        AND m.deleted_at IS NULL AND m.state IS DISTINCT FROM 'cancelled'
    LIMIT 1) m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
LEFT JOIN agents a ON m.author_kind = 'agent' AND a.account_id = m.account_id AND a.id = m.author_id
ORDER BY m.seq;

-- name: take
-- A visitor's message: one statement, one transaction.
SELECT outcome, conversation_id, message_id, seq, status, version, created_at, contact_id
FROM webchat_take(:account_id, :now, :connection_id, :session_id, :envelope_id, :item_id, :raw, :headers, :key, :message_id,
    :client_id, :body, :preview, :silent, :conversation_id, :thread, :new_conversation_id, :contact_id, :identity_id,
    'webchat', :brand_id, :team_id, :locale, :now, :file_ids);

-- name: let_go
-- Sessions of some contacts, or with their conversations, in which one person is shown the conversation of another.
UPDATE webchat_sessions s SET conversation_id = NULL
FROM conversations c, contacts p, contacts q
WHERE s.account_id = :account_id
    AND (s.contact_id = ANY(:contact_ids::uuid[]) OR s.conversation_id = ANY(ARRAY(
        SELECT v.id FROM conversations v WHERE v.account_id = :account_id AND v.contact_id = ANY(:contact_ids::uuid[]))))
    AND c.account_id = s.account_id AND c.id = s.conversation_id
    AND p.account_id = s.account_id AND p.id = s.contact_id
    AND q.account_id = s.account_id AND q.id = c.contact_id
    AND coalesce(p.merged_into_id, p.id) <> coalesce(q.merged_into_id, q.id)
RETURNING s.id;

-- name: file_for_visitor
-- A file that a session may see: in its own conversation, or its own upload; with what the link was signed with.
SELECT f.id, f.name, f.media_type, f.size, f.sha256, f.image, s.token_hash
FROM webchat_sessions s
JOIN files f ON f.account_id = s.account_id AND f.id = :id
LEFT JOIN messages m ON m.account_id = f.account_id AND m.id = f.message_id
WHERE s.account_id = :account_id AND s.id = :session_id AND s.revoked_at IS NULL AND s.expires_at > :now
    AND ((f.message_id IS NULL AND f.actor = 'visitor:' || s.id)
        OR (m.conversation_id = s.conversation_id AND m.kind IN ('inbound', 'answer') AND m.deleted_at IS NULL));

-- name: shown_name
-- The name under which a widget meets its visitors: the brand's, else the organisation's.
SELECT coalesce((SELECT b.name FROM brands b WHERE b.account_id = a.id AND b.id = :brand_id::uuid), a.name) AS name
FROM accounts a WHERE a.id = :account_id;

-- name: whereabouts
-- On which page is the visitor of a conversation, what does the page say of them, and are they still there?
SELECT page_url, page_title, locale, attributes, signed_attributes,
    revoked_at IS NULL AND last_seen_at > clock_timestamp() - interval '150 seconds' AS online
FROM webchat_sessions
WHERE account_id = :account_id AND conversation_id = :conversation_id
ORDER BY last_seen_at DESC
LIMIT 1;

-- name: seen
-- These visitors have a socket open: their sessions and the people behind them were seen just now. Somebody whom another
-- process writes at this moment (two tabs of one person) is left to it.
WITH here AS (
    UPDATE webchat_sessions SET last_seen_at = :now WHERE account_id = :account_id AND id = ANY(:ids) RETURNING contact_id
), held AS (
    SELECT c.id FROM contacts c
    WHERE c.account_id = :account_id AND c.id IN (SELECT contact_id FROM here) AND c.erased_at IS NULL
    ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE contacts c SET last_seen_at = greatest(c.last_seen_at, :now) FROM held
WHERE c.account_id = :account_id AND c.id = held.id;
