-- What becomes of an answer after it was written: whom it goes to, when it is tried again, whether its customer still waits.

-- name: tell_retry
-- When an answer that was put off is tried again.
UPDATE messages SET details = coalesce(details, '{}') || jsonb_build_object('retry', :retry::jsonb), version = version + 1
WHERE account_id = :account_id AND id = :id AND state = 'failed_temporary'
RETURNING conversation_id;

-- name: tell_delay
-- Answers that went out are held up on their way.
UPDATE messages SET state_reason = 'delayed', version = version + 1
WHERE account_id = :account_id AND id = ANY(:ids) AND kind = 'answer' AND state = 'sent' AND state_reason IS DISTINCT FROM 'delayed'
RETURNING id, conversation_id;

-- name: write_letter
-- To whom an answer goes, as its channel made it out.
UPDATE messages SET details = coalesce(details, '{}') || jsonb_build_object('letter', :letter::jsonb)
WHERE account_id = :account_id AND id = :id;

-- name: hold_letter
-- What an answer carries beside its text, held.
SELECT details, state, conversation_id FROM messages
WHERE account_id = :account_id AND id = :id AND kind = 'answer' AND deleted_at IS NULL
FOR NO KEY UPDATE;

-- name: letter_changed
-- What an answer carries beside its text is news.
UPDATE messages SET details = coalesce(details, '{}') || jsonb_build_object('letter', :letter::jsonb), version = version + 1
WHERE account_id = :account_id AND id = :id;

-- name: hold_clock
-- Since when the customer waits, and when somebody answered first; held, because an answer that waits itself is written.
SELECT waiting_since, first_answered_at FROM conversations WHERE account_id = :account_id AND id = :id FOR NO KEY UPDATE;

-- name: keep_clock
-- An answer that goes out later is none yet: its customer waits as before.
UPDATE conversations SET waiting_since = :waiting_since, first_answered_at = :first_answered_at
WHERE account_id = :account_id AND id = :id;

-- name: answered
-- Answers went out: their customers wait no longer, unless they have written since. Most have stopped the clock when written.
UPDATE conversations c
SET waiting_since = NULL, first_answered_at = coalesce(c.first_answered_at, :now), version = c.version + 1
FROM messages m
WHERE m.account_id = :account_id AND m.id = ANY(:message_ids) AND NOT m.automated
    AND c.account_id = m.account_id AND c.id = m.conversation_id AND c.waiting_since IS NOT NULL AND c.last_customer_seq < m.seq
RETURNING c.id, c.version;

-- name: answered_after_all
-- Somebody has read what the customer wrote since, and sends what had waited all the same.
UPDATE conversations c SET waiting_since = NULL, first_answered_at = coalesce(c.first_answered_at, :now), version = c.version + 1
FROM messages m
WHERE m.account_id = :account_id AND m.id = :message_id AND m.send_at IS NOT NULL
    AND c.account_id = m.account_id AND c.id = m.conversation_id AND c.waiting_since IS NOT NULL
RETURNING c.version;

-- name: release_files
-- An answer was taken back: its files are uploads again, of whoever took it back and from now on, so that a draft or another
-- answer can have them and nothing sweeps them before.
UPDATE files SET message_id = NULL, conversation_id = NULL, actor = :actor, created_at = :now
WHERE account_id = :account_id AND message_id = :message_id;

-- name: wait_again
-- An answer was taken back: where nothing else has been answered since, the customer waits again, and has since they wrote.
UPDATE conversations c
SET waiting_since = coalesce(c.waiting_since, c.last_customer_at), status = 'open', closed_at = NULL, snoozed_until = NULL,
    version = c.version + 1
WHERE c.account_id = :account_id AND c.id = :id AND (c.waiting_since IS NULL OR c.status <> 'open') AND NOT EXISTS (
    SELECT FROM messages m
    WHERE m.account_id = c.account_id AND m.conversation_id = c.id AND m.kind = 'answer' AND NOT m.automated
        AND m.seq > c.last_customer_seq AND m.state <> 'cancelled' AND m.deleted_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM messages m
        WHERE m.account_id = c.account_id AND m.conversation_id = c.id AND m.kind = 'inbound'
            AND m.seq = c.last_customer_seq AND m.silent)
RETURNING c.version;
