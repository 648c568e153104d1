-- name: first_answers
-- When the last conversations began and when they were first answered; a bounded look, whatever the size of the desk.
SELECT created_at, first_answered_at
FROM (
    SELECT connection_id, created_at, first_answered_at FROM conversations
    WHERE account_id = :account_id
    ORDER BY last_activity_at DESC, id DESC LIMIT 500
) latest
WHERE connection_id = :connection_id AND first_answered_at IS NOT NULL AND created_at > :since;
