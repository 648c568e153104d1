-- name: talks
-- Talks of a connection that began since :since: the customer's first message after a silence in which nobody wrote, and the
-- first answer of a person that went out after it (automatic ones are none). Times are the provider's where it told them.
WITH said AS (
    SELECT c.id AS conversation_id, m.seq, m.kind, m.automated, coalesce(m.occurred_at, m.created_at) AS at,
        CASE WHEN m.kind = 'inbound' THEN coalesce(m.occurred_at, m.created_at)
            WHEN m.state IN ('sent', 'delivered', 'read') THEN coalesce(d.sent_at, m.occurred_at, m.created_at) END AS counted_at
    FROM conversations c
    JOIN messages m ON m.account_id = c.account_id AND m.conversation_id = c.id AND m.kind IN ('inbound', 'answer')
    LEFT JOIN deliveries d ON d.account_id = m.account_id AND d.message_id = m.id
    WHERE c.account_id = :account_id AND c.connection_id = :connection_id
        AND c.last_activity_at >= :since AND NOT (m.kind = 'inbound' AND m.automated)
), spoken AS (
    SELECT *, lag(counted_at) OVER (PARTITION BY conversation_id ORDER BY counted_at, seq) AS before
    FROM said WHERE counted_at IS NOT NULL AND (kind = 'inbound' OR NOT automated)
), begun AS (
    SELECT conversation_id, counted_at AS began_at FROM spoken
    WHERE kind = 'inbound' AND counted_at >= :since AND counted_at <= :now
        AND (before IS NULL OR counted_at - before >= :silence)
)
SELECT b.conversation_id, b.began_at, (
    SELECT min(a.counted_at) FROM spoken a
    WHERE a.conversation_id = b.conversation_id AND a.kind = 'answer' AND a.counted_at >= b.began_at
        AND a.counted_at < coalesce((
            SELECT min(n.began_at) FROM begun n
            WHERE n.conversation_id = b.conversation_id AND n.began_at > b.began_at), 'infinity')
) AS answered_at
FROM begun b
ORDER BY b.began_at;
