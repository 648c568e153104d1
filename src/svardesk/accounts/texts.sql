-- name: own_wordings
-- The newest own wording of each key, per brand (or none) and language, for some keys and languages.
SELECT DISTINCT ON (key, locale, brand_id) key, locale, brand_id, body
FROM texts
WHERE account_id = :account_id AND key = ANY(:keys) AND locale = ANY(:locales)
    AND (brand_id IS NULL OR brand_id = :brand_id)
ORDER BY key, locale, brand_id, version DESC;

-- name: lock_wordings
-- One writer of wordings of this organisation at a time, so that versions follow each other.
SELECT id FROM accounts WHERE id = :account_id FOR NO KEY UPDATE;

-- name: add_wording
-- The next version of a wording; an empty body takes the catalogue's text again.
INSERT INTO texts (account_id, id, brand_id, key, locale, version, body, created_at, created_by)
SELECT :account_id, :id, :brand_id, :key, :locale,
    coalesce(max(version), 0) + 1, :body, :now, :created_by
FROM texts
WHERE account_id = :account_id AND key = :key AND locale = :locale AND brand_id IS NOT DISTINCT FROM :brand_id
RETURNING version;
