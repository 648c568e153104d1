-- name: pages_of_app
-- Which connections an organisation's Meta app feeds, by page and channel.
SELECT c.id, c.kind, c.config ->> 'page_id' AS page_id
FROM connections c
WHERE c.account_id = :account_id AND c.kind IN ('messenger', 'facebook') AND c.archived_at IS NULL
    AND c.config ->> 'app' = :app_id::text;

-- name: hold_pages_of_app
-- The same, held until the transaction ends, with everything that their settings copy from the app.
SELECT id, account_id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, status, version, created_at
FROM connections
WHERE account_id = :account_id AND kind IN ('messenger', 'facebook') AND archived_at IS NULL AND config ->> 'app' = :app_id::text
ORDER BY created_at, id
FOR NO KEY UPDATE;

-- name: webhook_came
-- Something came in for these connections; kept about once a minute, so that a silence is seen.
UPDATE connections SET health = health || jsonb_build_object('webhook_at', :now::timestamptz)
WHERE account_id = :account_id AND id = ANY(:ids);

-- name: standing
-- How a connection is: its status and what was noted of it.
SELECT status, health FROM connections WHERE account_id = :account_id AND id = :id;

-- name: set_standing
-- Another status of a connection, with what was found out (NULL takes a note away). Tells whether anything changed.
UPDATE connections SET status = :status, health = jsonb_strip_nulls(health || :health::jsonb)
WHERE account_id = :account_id AND id = :id
    AND (status <> :status OR health IS DISTINCT FROM jsonb_strip_nulls(health || :health::jsonb))
RETURNING id, version;

-- name: bad_signatures
-- Bodies with a wrong signature arrived: somebody else's, or the app's secret was changed at Meta.
UPDATE connections SET status = 'degraded', health = health || jsonb_build_object(
    'bad_signatures', coalesce((health ->> 'bad_signatures')::bigint, 0) + :count::bigint,
    'bad_signature_at', :now::timestamptz)
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL
RETURNING version;
