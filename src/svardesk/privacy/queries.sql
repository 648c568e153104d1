-- name: contact_state
-- Whether the contact exists and has been erased.
SELECT id, erased_at FROM contacts WHERE account_id = :account_id AND id = :contact_id;

-- name: lock_contact
-- The same, held until the transaction ends.
SELECT id, erased_at FROM contacts WHERE account_id = :account_id AND id = :contact_id FOR UPDATE;

-- name: open_request
-- A request of the same kind for the same contact that is not done yet.
SELECT * FROM privacy_requests
WHERE account_id = :account_id AND contact_id = :contact_id AND kind = :kind AND state IN ('queued', 'running')
ORDER BY created_at LIMIT 1;

-- name: insert_request
INSERT INTO privacy_requests (account_id, id, kind, contact_id, state, requested_by, created_at, due_at)
VALUES (:account_id, :id, :kind, :contact_id, 'queued', :requested_by, :now, :now)
RETURNING *;

-- name: requests_page
-- Requests of one kind, the latest first, below a cursor (an id; ids grow with time).
SELECT * FROM privacy_requests
WHERE account_id = :account_id AND kind = :kind AND (:before::uuid IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit;

-- name: get_request
SELECT * FROM privacy_requests WHERE account_id = :account_id AND id = :id AND kind = :kind;

-- name: person
-- The ids of all contacts that are this person.
SELECT privacy_person(:account_id, :contact_id) AS contacts;

-- name: lock_person
-- The person's contacts, held until the transaction ends.
SELECT id FROM contacts WHERE account_id = :account_id AND id = ANY(:contacts) ORDER BY id FOR UPDATE;

-- name: conversations_of
-- The person's conversations, oldest first.
SELECT id FROM conversations WHERE account_id = :account_id AND contact_id = ANY(:contacts) ORDER BY number;

-- name: lock_conversations
-- The person's conversations, held until the transaction ends; always in the same order.
SELECT id FROM conversations WHERE account_id = :account_id AND contact_id = ANY(:contacts) ORDER BY id FOR UPDATE;

-- name: identities_of
SELECT id, kind, scope, address FROM identities WHERE account_id = :account_id AND contact_id = ANY(:contacts);

-- name: files_of
-- Files in the person's conversations, with their place in the file store.
SELECT id, name, media_type, size, sha256 FROM files
WHERE account_id = :account_id AND conversation_id = ANY(:conversations) ORDER BY created_at, id;

-- name: sessions_of
-- Browsers of the person in the web chat.
SELECT id FROM webchat_sessions
WHERE account_id = :account_id AND (contact_id = ANY(:contacts) OR conversation_id = ANY(:conversations));

-- name: exports_of
-- Files of earlier exports about the person.
SELECT file_sha256 FROM privacy_requests
WHERE account_id = :account_id AND contact_id = ANY(:contacts) AND file_sha256 IS NOT NULL;

-- name: forget_exports
UPDATE privacy_requests SET file_sha256 = NULL
WHERE account_id = :account_id AND contact_id = ANY(:contacts) AND file_sha256 IS NOT NULL;

-- name: erase
-- Deletes and blanks by the rooms' declarations; the function is generated from them.
SELECT privacy_erase(:account_id, :contacts, :conversations, :now);

-- name: erased_conversations
-- Versions after erasing, for the announcements.
SELECT id, version FROM conversations WHERE account_id = :account_id AND id = ANY(:conversations);

-- name: bury
-- What was erased, without what it was.
INSERT INTO tombstones (account_id, id, table_name, row_id, address_hash, erased_at)
VALUES (:account_id, :id, :table_name, :row_id, :address_hash, :now);

-- name: still_used
-- Which of some contents another file of this account or another export still needs.
SELECT sha256 FROM files WHERE account_id = :account_id AND sha256 = ANY(:hashes)
UNION
SELECT file_sha256 FROM privacy_requests WHERE account_id = :account_id AND file_sha256 = ANY(:hashes);

-- name: erased_rows
-- The rows are gone; what is left of the work is the bytes of files.
UPDATE privacy_requests SET result = :result
WHERE account_id = :account_id AND id = :id AND attempts = :attempts AND state = 'running';

-- name: finish
-- Done, unless somebody else has taken over since.
UPDATE privacy_requests
SET state = 'done', lease_until = NULL, error = NULL, finished_at = :now, result = :result,
    file_sha256 = :file_sha256, expires_at = :expires_at
WHERE account_id = :account_id AND id = :id AND attempts = :attempts AND state = 'running';

-- name: postpone
-- Tried in vain: again at due_at, or never (failed).
UPDATE privacy_requests
SET state = :state, lease_until = NULL, error = :error, due_at = :due_at, finished_at = :finished_at
WHERE account_id = :account_id AND id = :id AND attempts = :attempts AND state = 'running';

-- name: forget_file
-- The file of an export has lived its time.
UPDATE privacy_requests SET file_sha256 = NULL
WHERE account_id = :account_id AND id = :id AND expires_at <= :now;

-- name: claim
-- As the system role: due requests of any account.
SELECT account_id, request_id, kind, contact_id, attempts FROM privacy_claim(:now, :lease_until, :limit);

-- name: expired
-- As the system role: exports whose file has lived its time.
SELECT account_id, request_id FROM privacy_expired(:now, :limit);

-- name: accounts
-- As the system role: every organisation and its own limits.
SELECT account_id, retention_days FROM privacy_accounts();

-- name: contacts_at_their_end
-- Contacts not seen for longer than the organisation keeps them, without anything open, not asked for yet.
SELECT c.id FROM contacts c
WHERE c.account_id = :account_id AND c.erased_at IS NULL AND c.merged_into_id IS NULL
    AND coalesce(c.last_seen_at, c.created_at) < :before
    AND NOT EXISTS (
        SELECT FROM contacts m
        WHERE m.account_id = c.account_id AND m.merged_into_id = c.id AND coalesce(m.last_seen_at, m.created_at) >= :before
    )
    AND NOT EXISTS (
        SELECT FROM conversations v
        WHERE v.account_id = c.account_id AND v.contact_id = ANY(privacy_person(c.account_id, c.id))
            AND (v.status <> 'closed' OR v.last_activity_at >= :before)
    )
    AND NOT EXISTS (
        SELECT FROM privacy_requests r
        WHERE r.account_id = c.account_id AND r.contact_id = c.id AND r.kind = 'erase'
            AND r.state IN ('queued', 'running', 'failed')
    )
ORDER BY coalesce(c.last_seen_at, c.created_at) LIMIT :limit;

-- name: buried_addresses
-- Fingerprints of the addresses that were erased.
SELECT address_hash FROM tombstones
WHERE account_id = :account_id AND table_name = 'identities' AND address_hash = ANY(:hashes) LIMIT 1;
