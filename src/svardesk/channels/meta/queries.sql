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

-- name: hold_standing
-- The same, held until the transaction ends.
SELECT status, health, version FROM connections
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL
FOR NO KEY UPDATE;

-- name: write_standing
-- How a connection is now, and what is wrong with it.
UPDATE connections SET status = :status, health = :health WHERE account_id = :account_id AND id = :id;

-- name: blocked_by_connection
-- Answers that wait for a connection to be put right, by what blocked them.
SELECT id, message_id FROM deliveries
WHERE account_id = :account_id AND connection_id = :connection_id AND state = 'blocked_by_policy' AND error_class = 'policy'
    AND error_code = ANY(:codes)
ORDER BY conversation_id, seq
LIMIT 1000;

-- name: claim_pages
-- Which pages of all organisations are to be looked at?
SELECT account_id, id, looked_at FROM meta_claim_pages(:now, :every, :limit);

-- name: names_at_meta
-- Which of these messages are here already, theirs and ours, by Meta's names of them.
SELECT m.external_id FROM messages m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
WHERE m.account_id = :account_id AND c.connection_id = :connection_id AND m.external_id = ANY(:names)
UNION
SELECT d.external_id FROM deliveries d
WHERE d.account_id = :account_id AND d.connection_id = :connection_id AND d.external_id = ANY(:names)
UNION
SELECT p.external_id FROM delivery_parts p
WHERE p.account_id = :account_id AND p.connection_id = :connection_id AND p.external_id = ANY(:names);

-- name: threads_in_doubt
-- Threads with an answer of which nobody knows whether it went out: what the page said there is not read as somebody else's.
SELECT DISTINCT c.external_thread_key AS thread FROM deliveries d
JOIN conversations c ON c.account_id = d.account_id AND c.id = d.conversation_id
WHERE d.account_id = :account_id AND d.connection_id = :connection_id AND d.state IN ('sending', 'unknown');

-- name: app_of_page
-- The app's connection that feeds a page.
SELECT id FROM connections
WHERE account_id = :account_id AND kind = 'meta' AND archived_at IS NULL AND id = :app_id::uuid;

-- name: strays_of_app
-- What lies with an app because its page was not connected, oldest first.
SELECT id, raw, received_at FROM envelopes
WHERE account_id = :account_id AND connection_id = :app_id AND state <> 'parsed'
ORDER BY id
LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: stray_found
-- It has found its page.
UPDATE envelopes SET state = 'parsed', error = NULL, due_at = NULL WHERE account_id = :account_id AND id = :id;
