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
    AND split_part(error_code, '.', 1) = ANY(:codes)
ORDER BY conversation_id, seq
FOR NO KEY UPDATE;

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

-- name: ask_for_profile
-- Somebody without a name wrote to a page: Meta is asked for it, once.
INSERT INTO meta_profiles (account_id, connection_id, person, contact_id, due_at)
SELECT :account_id, :connection_id, :person, c.id, :now FROM contacts c
WHERE c.account_id = :account_id AND c.id = :contact_id AND c.name IS NULL
ON CONFLICT (account_id, connection_id, person) DO NOTHING
RETURNING person;

-- name: claim_profiles
-- Whose names are to be asked for, of all organisations?
SELECT account_id, connection_id, person, contact_id, attempt FROM meta_claim_profiles(:now, :lease, :limit);

-- name: profile_told
-- What Meta said, or that it says nothing.
UPDATE meta_profiles SET state = :state, asked_at = :now, picture_file_id = coalesce(:picture_file_id, picture_file_id)
WHERE account_id = :account_id AND connection_id = :connection_id AND person = :person;

-- name: ask_later
-- Meta did not answer: later again.
UPDATE meta_profiles SET due_at = :due_at
WHERE account_id = :account_id AND connection_id = :connection_id AND person = :person;

-- name: add_deletion
-- Meta told us to delete what we have of somebody, or that our access was withdrawn.
INSERT INTO meta_deletions (account_id, id, connection_id, code, app_scoped_id, kind, requested_at)
VALUES (:account_id, :id, :connection_id, :code, :app_scoped_id, :kind, :now)
ON CONFLICT (account_id, code) DO NOTHING;

-- name: deletion_by_code
-- One of them, for its status page.
SELECT id, kind, state, requested_at, done_at FROM meta_deletions
WHERE account_id = :account_id AND connection_id = :connection_id AND code = :code;

-- name: deletions
-- The newest hundred, for the settings.
SELECT id, code, kind, state, app_scoped_id, requested_at, done_at FROM meta_deletions
WHERE account_id = :account_id
ORDER BY requested_at DESC, id DESC
LIMIT 100;

-- name: deletion_done
-- An administrator has found the person and deleted what we had, or there was nothing; Meta's number of them goes, too.
UPDATE meta_deletions SET state = 'done', done_at = :now, app_scoped_id = NULL
WHERE account_id = :account_id AND id = :id AND state = 'unmatched'
RETURNING id;

-- name: connections_of_apps
-- All of an organisation's Meta apps and their pages, with how they are.
SELECT id, account_id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, status, health, version, created_at
FROM connections
WHERE account_id = :account_id AND kind IN ('meta', 'messenger', 'facebook') AND archived_at IS NULL
ORDER BY created_at, id;
