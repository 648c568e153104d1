-- What happens to a conversation at its channel beside new messages, and the time in which we may answer.

-- name: by_external_id
-- A message of a conversation by the provider's id.
SELECT m.id, m.kind, m.seq FROM messages m
WHERE m.account_id = :account_id AND m.conversation_id = :conversation_id AND m.external_id = :external_id
LIMIT 1;

-- name: hold_message
-- One message that changes, locked; how often it was edited, and which is its conversation's newest public one.
SELECT m.id, m.conversation_id, m.body, m.seq, m.edited_at, m.occurred_at, m.created_at, m.deleted_at,
    coalesce((m.details->>'edits')::integer, 0) AS edits,
    (SELECT c.last_public_seq FROM conversations c WHERE c.account_id = m.account_id AND c.id = m.conversation_id)
        AS newest_public_seq
FROM messages m WHERE m.account_id = :account_id AND m.id = :id
FOR NO KEY UPDATE OF m;

-- name: keep_edit
-- How a message read at an edit.
INSERT INTO message_edits (account_id, message_id, edit, body, written_at)
VALUES (:account_id, :message_id, :edit, :body, :at)
ON CONFLICT (account_id, message_id, edit) DO NOTHING;

-- name: edit_message
-- A message reads otherwise; its search words are written again by the reaction.
UPDATE messages SET body = :body, edited_at = :at, version = version + 1,
    details = coalesce(details, '{}') || jsonb_build_object('edits', :edits::integer)
WHERE account_id = :account_id AND id = :id;

-- name: set_preview
-- The line of the inbox shows something else.
UPDATE conversations SET preview = :preview, version = version + 1 WHERE account_id = :account_id AND id = :id;

-- name: remove_messages
-- Messages that their author took back: blank, their place stays.
UPDATE messages m SET body = '', deleted_at = :now, edited_at = NULL, version = m.version + 1,
    details = m.details - ARRAY['edits', 'reactions', 'fields', 'awaited', 'reply_to']
FROM conversations c
WHERE m.account_id = :account_id AND m.id = ANY(:ids) AND m.deleted_at IS NULL
    AND c.account_id = m.account_id AND c.id = m.conversation_id
RETURNING m.id, m.conversation_id, m.seq = c.last_public_seq AS newest;

-- name: forget_message
-- What hangs on a message that was taken back: its history, its search words; its files become orphans, which are swept.
WITH e AS (DELETE FROM message_edits WHERE account_id = :account_id AND message_id = :id),
    w AS (DELETE FROM message_search WHERE account_id = :account_id AND message_id = :id)
UPDATE files SET message_id = NULL, conversation_id = NULL WHERE account_id = :account_id AND message_id = :id;

-- name: set_reaction
-- A reaction by somebody, or none any more.
UPDATE messages SET version = version + 1,
    details = CASE WHEN :emoji::text IS NULL
        THEN coalesce(details, '{}') || jsonb_build_object('reactions', coalesce(details->'reactions', '{}') - :by::text)
        ELSE coalesce(details, '{}') || jsonb_build_object('reactions',
            coalesce(details->'reactions', '{}') || jsonb_build_object(:by::text, :emoji::text)) END
WHERE account_id = :account_id AND id = :id AND deleted_at IS NULL
    AND details->'reactions'->>:by::text IS DISTINCT FROM :emoji::text
RETURNING conversation_id;

-- name: add_elsewhere
-- An answer that was given with another program.
INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, external_id, state, automated,
    details, occurred_at, created_at)
VALUES (:account_id, :id, :conversation_id, :seq, 'answer', CASE WHEN :automated THEN 'bot' ELSE 'system' END, :body, :actor,
    :external_id, 'sent', :automated, :details::jsonb, :at, :now);

-- name: attach_files
-- Files that were put into the store belong to a message now.
UPDATE files SET message_id = :message_id, conversation_id = :conversation_id
WHERE account_id = :account_id AND id = ANY(:ids) AND message_id IS NULL;

-- name: said_elsewhere
-- The thread is one longer. A person's answer counts: nobody waits, and an open conversation waits for the customer.
UPDATE conversations SET last_seq = :seq, last_public_seq = :seq, version = version + 1, preview = :preview,
    preview_kind = 'answer', last_activity_at = greatest(last_activity_at, :now),
    last_answer_seq = CASE WHEN :counts THEN :seq ELSE last_answer_seq END,
    waiting_since = CASE WHEN :counts THEN NULL ELSE waiting_since END,
    first_answered_at = CASE WHEN :counts THEN coalesce(first_answered_at, :now) ELSE first_answered_at END,
    status = CASE WHEN :counts AND status = 'open' THEN 'waiting' ELSE status END
WHERE account_id = :account_id AND id = :id
RETURNING status, version;

-- name: open_window
-- The time in which we may write freely begins again; what was told late does not shorten it.
UPDATE conversations SET window_from = :since, window_until = :until, version = version + 1
WHERE account_id = :account_id AND id = :id AND (window_from IS NULL OR window_from < :since);

-- name: open_windows
-- The same for several conversations.
UPDATE conversations c SET window_from = w.since, window_until = w.until, version = c.version + 1
FROM unnest(:ids::uuid[], :sinces::timestamptz[], :untils::timestamptz[]) AS w (id, since, until)
WHERE c.account_id = :account_id AND c.id = w.id AND (c.window_from IS NULL OR c.window_from < w.since);

-- name: files_came
-- Files of a message are here now, so many are still awaited.
WITH f AS (
    UPDATE files SET message_id = :id, conversation_id = (
            SELECT conversation_id FROM messages WHERE account_id = :account_id AND id = :id)
    WHERE account_id = :account_id AND id = ANY(:ids) AND message_id IS NULL
        AND EXISTS (SELECT FROM messages m
            WHERE m.account_id = :account_id AND m.id = :id AND m.deleted_at IS NULL)
)
UPDATE messages SET version = version + 1,
    details = CASE WHEN :missing::integer > 0 THEN coalesce(details, '{}') || jsonb_build_object('awaited', :missing::integer)
        ELSE details - 'awaited' END
WHERE account_id = :account_id AND id = :id AND deleted_at IS NULL
RETURNING conversation_id;

-- name: edits
-- How a message read before.
SELECT e.body, e.written_at FROM message_edits e
JOIN messages m ON m.account_id = e.account_id AND m.id = e.message_id
WHERE e.account_id = :account_id AND e.message_id = :message_id AND m.conversation_id = :conversation_id ORDER BY e.edit;

-- name: reindex_words
-- A message reads otherwise: its words are found by what it reads now.
DELETE FROM message_search WHERE account_id = :account_id AND message_id = ANY(:ids);

-- name: closing
-- Over all organisations: whose time to answer ends soon.
SELECT account_id, conversation_id FROM conversations_closing(:now, :until, :limit);

-- name: raise_alarm
-- The alarm for this end has been raised.
UPDATE conversations SET window_alarm = window_until, version = version + 1
WHERE account_id = :account_id AND id = :id AND window_alarm IS DISTINCT FROM window_until AND waiting_since IS NOT NULL
RETURNING window_until, last_seq, assignee_id, team_id, version;

-- name: line_longer
-- A system line was added.
UPDATE conversations SET last_seq = :seq, version = version + 1 WHERE account_id = :account_id AND id = :id RETURNING version;
