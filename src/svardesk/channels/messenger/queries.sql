-- name: template_of
-- The approved template that an answer is sent by, where it is one.
SELECT details -> 'template' AS template FROM messages WHERE account_id = :account_id AND id = :message_id;

-- name: known_names
-- The provider's names of answers that went out in a conversation lately: what is found there beside them is new.
SELECT d.external_id FROM deliveries d
WHERE d.account_id = :account_id AND d.conversation_id = :conversation_id AND d.external_id IS NOT NULL
    AND d.created_at > :since
UNION ALL
SELECT p.external_id FROM deliveries d
JOIN delivery_parts p ON p.account_id = d.account_id AND p.delivery_id = d.id
WHERE d.account_id = :account_id AND d.conversation_id = :conversation_id AND p.external_id IS NOT NULL
    AND d.created_at > :since;
