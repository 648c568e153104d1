-- Statements of the contact form.

-- name: conversation_of_submission
-- The conversation that a submission began, and its message.
SELECT c.id, c.number, c.created_at, c.connection_id, m.id AS message_id
FROM messages m JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
WHERE m.account_id = :account_id AND m.actor = :actor AND m.client_id = :id;

-- name: item_known
-- Has this very submission been taken already (or set aside, or put away as a robot's)?
SELECT state FROM inbound_items
WHERE account_id = :account_id AND connection_id = :connection_id AND idempotency_key = :key;

-- name: mailbox_there
-- Is this a mailbox of the organisation that is in service?
SELECT EXISTS (
    SELECT 1 FROM connections
    WHERE account_id = :account_id AND id = :id AND kind = ANY(:kinds) AND archived_at IS NULL) AS there;

-- name: mailboxes
-- The mailboxes that can carry a form's answers, oldest first.
SELECT id, name FROM connections
WHERE account_id = :account_id AND kind = ANY(:kinds) AND archived_at IS NULL ORDER BY created_at, id;

-- name: carry_answers
-- A form has a mailbox now: conversations that had no way back (and an e-mail address) get it.
UPDATE conversations v SET connection_id = :mailbox_id
FROM identities i
WHERE v.account_id = :account_id AND v.connection_id = :connection_id AND v.archived_at IS NULL
    AND i.account_id = v.account_id AND i.id = v.identity_id AND i.kind = 'email';

-- name: known_teams
-- Which of these teams exist and are in use?
SELECT id FROM teams WHERE account_id = :account_id AND id = ANY(:ids) AND archived_at IS NULL;

-- name: shown_name
-- The name under which a form meets its readers: the brand's, else the organisation's.
SELECT coalesce((SELECT b.name FROM brands b WHERE b.account_id = a.id AND b.id = :brand_id::uuid), a.name) AS name
FROM accounts a WHERE a.id = :account_id;

-- name: first_answers
-- When the last conversations of a channel began and were first answered; a bounded look, whatever the size of the desk.
SELECT created_at, first_answered_at
FROM (
    SELECT channel, created_at, first_answered_at FROM conversations
    WHERE account_id = :account_id
    ORDER BY last_activity_at DESC, id DESC LIMIT 500
) latest
WHERE channel = :channel AND first_answered_at IS NOT NULL AND created_at > :since;

-- name: receipt_of_message
-- What a receipt is written from: where the conversation came in, which connection answers, whose address it is.
SELECT c.id AS conversation_id, c.number, c.locale, c.created_at, c.connection_id, c.brand_id, c.identity_id,
    i.kind AS address_kind, i.address, i.trust, e.connection_id AS form_id
FROM messages m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
JOIN identities i ON i.account_id = c.account_id AND i.id = c.identity_id
JOIN inbound_items e ON e.account_id = m.account_id AND e.idempotency_key = m.client_id::text
WHERE m.account_id = :account_id AND m.id = :message_id AND m.deleted_at IS NULL AND c.channel = :channel;

-- name: confirmable
-- The conversation that somebody is asked about, and how far its address is trusted.
SELECT c.number, c.locale, c.brand_id, i.id AS identity_id, i.address, i.trust
FROM conversations c
JOIN identities i ON i.account_id = c.account_id AND i.id = c.identity_id
WHERE c.account_id = :account_id AND c.id = :conversation_id AND c.channel = :channel AND i.kind = 'email';
