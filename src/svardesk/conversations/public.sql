-- name: comment_facts
-- What else is known of a message that stands in public, over what was known.
UPDATE messages SET version = version + 1,
    details = coalesce(details, '{}') || jsonb_build_object('comment', coalesce(details->'comment', '{}') || :comment::jsonb)
WHERE account_id = :account_id AND id = :id
RETURNING conversation_id;

-- name: link_message
-- Where a message goes on, or came from.
UPDATE messages SET version = version + 1,
    details = coalesce(details, '{}') || jsonb_build_object('link', :link::jsonb)
WHERE account_id = :account_id AND id = :id
RETURNING conversation_id;

-- name: set_waiting
-- Who waits for us in a thread of many is told by its channel: since when the first of them does, or nobody any more. Where
-- somebody does, it is open.
UPDATE conversations SET waiting_since = :since, version = version + 1,
    status = CASE WHEN :since::timestamptz IS NOT NULL AND status <> 'snoozed' THEN 'open' ELSE status END,
    closed_at = CASE WHEN :since::timestamptz IS NOT NULL THEN NULL ELSE closed_at END
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL
    AND (waiting_since IS DISTINCT FROM :since OR (:since::timestamptz IS NOT NULL AND status NOT IN ('open', 'snoozed')))
RETURNING version;

-- name: entitle
-- What a thread is about, where its channel says it.
UPDATE conversations SET subject = :subject, version = version + 1
WHERE account_id = :account_id AND id = :id AND subject IS DISTINCT FROM :subject
RETURNING version;

-- name: begin
-- A conversation that we began: nobody has written in it yet, so it waits for the customer.
WITH n AS (UPDATE accounts SET next_number = next_number + 1 WHERE id = :account_id RETURNING next_number - 1 AS number)
INSERT INTO conversations (account_id, id, number, channel, connection_id, external_thread_key, contact_id, identity_id,
    brand_id, team_id, assignee_id, locale, status, last_activity_at, created_at)
SELECT :account_id, :id, n.number, :channel, :connection_id, :thread, :contact_id, :identity_id, :brand_id, :team_id,
    :assignee_id, :locale, 'waiting', :now, :now
FROM n
ON CONFLICT (account_id, connection_id, external_thread_key)
    WHERE external_thread_key IS NOT NULL AND archived_at IS NULL DO NOTHING
RETURNING id;

-- name: copy_answer
-- An answer that was sent from one conversation stands in another one too, as it went out.
INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, author_id, body, actor, external_id, state,
    details, occurred_at, created_at)
SELECT account_id, :id, :conversation_id, :seq, 'answer', author_kind, author_id, body, 'copy', :external_id, 'sent',
    jsonb_build_object('link', :link::jsonb), :now, :now
FROM messages WHERE account_id = :account_id AND id = :source_id
RETURNING body;
