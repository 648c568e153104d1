-- name: lock_both
-- Two contacts that are about to become one, always locked in the same order.
SELECT id FROM contacts
WHERE account_id = :account_id AND id = ANY(:ids) AND merged_into_id IS NULL AND erased_at IS NULL
ORDER BY id
FOR NO KEY UPDATE;

-- name: move_identities
-- The addresses of the one are the other's now.
UPDATE identities SET contact_id = :into_id WHERE account_id = :account_id AND contact_id = :from_id;

-- name: point
-- Where the one has gone; what it knew is taken on where the other knows nothing.
WITH gone AS (
    UPDATE contacts SET merged_into_id = :into_id, version = version + 1
    WHERE account_id = :account_id AND id = :from_id
    RETURNING name, locale, version
)
UPDATE contacts c
SET name = coalesce(c.name, gone.name), locale = coalesce(c.locale, gone.locale), version = c.version + 1,
    last_seen_at = greatest(c.last_seen_at, :now)
FROM gone
WHERE c.account_id = :account_id AND c.id = :into_id
RETURNING c.version, gone.version AS gone_version;
