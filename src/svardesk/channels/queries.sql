-- name: connection
-- One connection with its sealed secrets.
SELECT id, account_id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, status, version
FROM connections
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: connections
-- All connections of one kind, oldest first.
SELECT id, account_id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, status, version, created_at
FROM connections
WHERE account_id = :account_id AND kind = :kind AND archived_at IS NULL
ORDER BY created_at, id;

-- name: way_out
-- The connection that carries a conversation's answers, and the address that they go to.
SELECT c.account_id, c.id, c.kind, c.name, c.public_key, c.brand_id, c.team_id, c.calendar_id, c.config, c.secrets, c.status,
    c.archived_at, i.kind AS address_kind, i.address
FROM conversations v
LEFT JOIN connections c ON c.account_id = v.account_id AND c.id = v.connection_id
LEFT JOIN identities i ON i.account_id = v.account_id AND i.id = v.identity_id
WHERE v.account_id = :account_id AND v.id = :conversation_id;

-- name: lock_connection
-- One connection, held until the transaction ends.
SELECT id, account_id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, status, version, created_at
FROM connections
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL
FOR NO KEY UPDATE;

-- name: add_connection
-- A new connection.
INSERT INTO connections (account_id, id, kind, name, public_key, brand_id, team_id, calendar_id, config, secrets, created_at)
VALUES (:account_id, :id, :kind, :name, :public_key, :brand_id, :team_id, :calendar_id, :config, :secrets, :now);

-- name: change_connection
-- New values of a connection that is held.
UPDATE connections
SET name = :name, brand_id = :brand_id, team_id = :team_id, calendar_id = :calendar_id, config = :config,
    version = version + 1
WHERE account_id = :account_id AND id = :id;

-- name: set_secrets
-- Sealed secrets of a connection that is held.
UPDATE connections SET secrets = :secrets, version = version + 1 WHERE account_id = :account_id AND id = :id;

-- name: archive_connection
-- Out of service; what came in through it stays.
UPDATE connections SET archived_at = :now, version = version + 1
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: known_references
-- Do brand, team and calendar exist in this organisation? (NULL counts as existing.)
SELECT (:brand_id::uuid IS NULL OR EXISTS (SELECT 1 FROM brands WHERE account_id = :account_id AND id = :brand_id)) AS brand,
    (:team_id::uuid IS NULL OR EXISTS (
        SELECT 1 FROM teams WHERE account_id = :account_id AND id = :team_id AND archived_at IS NULL)) AS team,
    (:calendar_id::uuid IS NULL OR EXISTS (
        SELECT 1 FROM calendars WHERE account_id = :account_id AND id = :calendar_id AND archived_at IS NULL)) AS calendar;

-- name: store_envelope
-- Keep what came from outside; the worker parses it.
INSERT INTO envelopes (account_id, id, connection_id, received_at, sha256, raw, headers, state, due_at)
VALUES (:account_id, :id, :connection_id, :received_at, :sha256, :raw, :headers, 'received', :received_at);

-- name: lock_envelope
-- One envelope that waits for its parser, held until the transaction ends.
SELECT id, connection_id, attempts, state, received_at, headers, raw
FROM envelopes
WHERE account_id = :account_id AND id = :id
FOR NO KEY UPDATE;

-- name: read_envelopes
-- Envelopes that wait for their parser, to be parsed before anything is held; of large ones the bytes are read later.
SELECT id, connection_id, received_at, headers, CASE WHEN octet_length(raw) <= :largest THEN raw END AS raw
FROM envelopes WHERE account_id = :account_id AND id = ANY(:ids) AND state = 'received';

-- name: raw_of_envelope
-- The bytes of one envelope that waits for its parser.
SELECT raw FROM envelopes WHERE account_id = :account_id AND id = :id AND state = 'received';

-- name: take_turns
-- What comes in for an organisation is taken by one worker at a time: two mails of one thread that come at the same moment
-- find each other, and nobody waits for each other's rows in two orders.
SELECT pg_advisory_xact_lock(hashtextextended(:account_id::text, 8113));

-- name: lock_waiting_envelopes
-- Those that still wait for their parser, held until the transaction ends.
SELECT id FROM envelopes WHERE account_id = :account_id AND id = ANY(:ids) AND state = 'received'
ORDER BY id FOR NO KEY UPDATE;

-- name: envelopes_parsed
-- Done with envelopes; their persons are known now.
UPDATE envelopes e SET state = 'parsed', error = NULL, due_at = NULL, contact_id = coalesce(w.contact_id, e.contact_id)
FROM unnest(:ids::uuid[], :contact_ids::uuid[]) AS w (id, contact_id)
WHERE e.account_id = :account_id AND e.id = w.id;

-- name: envelope_failed
-- The parser broke on it: later again, or set aside for good.
UPDATE envelopes SET state = :state, error = :error, due_at = :due_at WHERE account_id = :account_id AND id = :id;

-- name: replay_envelope
-- Let an envelope be parsed again from the start.
UPDATE envelopes SET state = 'received', attempts = 0, error = NULL, due_at = :now
WHERE account_id = :account_id AND id = :id;

-- name: forget_quarantined_items
-- What was set aside within an envelope gets another chance.
DELETE FROM inbound_items WHERE account_id = :account_id AND envelope_id = :id AND state = 'quarantined';

-- name: quarantined_envelopes
-- What was set aside, newest first: whole envelopes, and those of which single items were.
SELECT e.id, e.connection_id, e.received_at, e.state, e.attempts, e.error, octet_length(e.raw) AS size,
    ARRAY(SELECT i.error FROM inbound_items i
        WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined') AS item_errors
FROM envelopes e
WHERE e.account_id = :account_id AND (e.state = 'quarantined' OR EXISTS (
    SELECT 1 FROM inbound_items i
    WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined'))
ORDER BY e.received_at DESC, e.id DESC
LIMIT :limit;

-- name: claim_envelopes
-- Which envelopes are due, of all organisations?
SELECT account_id, id, attempts FROM channels_claim_envelopes(:now, :lease, :limit);

-- name: add_item
-- One thing that a parser found; no row comes back when it was told before.
INSERT INTO inbound_items (account_id, id, envelope_id, connection_id, idempotency_key, type, state, created_at)
VALUES (:account_id, :id, :envelope_id, :connection_id, :idempotency_key, :type, :state, :now)
ON CONFLICT (account_id, connection_id, idempotency_key) DO NOTHING
RETURNING id;

-- name: add_items
-- What parsers found in several envelopes; those come back that were not told before.
INSERT INTO inbound_items (account_id, id, envelope_id, connection_id, idempotency_key, type, state, created_at)
SELECT :account_id, w.id, w.envelope_id, w.connection_id, w.key, w.type, w.state, :now
FROM unnest(:ids::uuid[], :envelope_ids::uuid[], :connection_ids::uuid[], :keys::text[], :types::text[], :states::text[])
    AS w (id, envelope_id, connection_id, key, type, state)
ON CONFLICT (account_id, connection_id, idempotency_key) DO NOTHING
RETURNING connection_id, idempotency_key;

-- name: standing_by
-- Whether other programs own some threads.
SELECT t.connection_id, t.thread, t.standby
FROM unnest(:connection_ids::uuid[], :threads::text[]) AS w (connection_id, thread)
JOIN threads t ON t.account_id = :account_id AND t.connection_id = w.connection_id AND t.thread = w.thread;

-- name: quarantine_item
-- One thing that could not be taken; the rest of its envelope goes on.
INSERT INTO inbound_items (account_id, id, envelope_id, connection_id, idempotency_key, type, state, error, created_at)
VALUES (:account_id, :id, :envelope_id, :connection_id, :idempotency_key, :type, 'quarantined', :error, :now)
ON CONFLICT (account_id, connection_id, idempotency_key) DO NOTHING;

-- name: plan_deliveries
-- The way out of answers: one row each, for conversations that have a connection. Earlier answers of a conversation whose own
-- planning was set aside come along, so that nothing overtakes them.
WITH wanted AS (
    SELECT w.id, m.id AS message_id, m.conversation_id, m.seq
    FROM unnest(:ids::uuid[], :message_ids::uuid[]) AS w (id, message_id)
    JOIN messages m ON m.account_id = :account_id AND m.id = w.message_id
)
INSERT INTO deliveries (account_id, id, message_id, conversation_id, connection_id, seq, state, due_at, created_at)
SELECT m.account_id, coalesce(wanted.id, gen_random_uuid()), m.id, m.conversation_id, c.connection_id, m.seq, 'queued', :now, :now
FROM (SELECT conversation_id, max(seq) AS seq FROM wanted GROUP BY conversation_id) AS last
JOIN conversations c ON c.account_id = :account_id AND c.id = last.conversation_id
JOIN messages m ON m.account_id = c.account_id AND m.conversation_id = c.id AND m.seq <= last.seq
LEFT JOIN wanted ON wanted.message_id = m.id
WHERE m.kind = 'answer' AND m.state IN ('queued', 'scheduled') AND m.deleted_at IS NULL AND c.connection_id IS NOT NULL
ON CONFLICT (account_id, message_id) DO NOTHING
RETURNING id, message_id, conversation_id, connection_id, seq,
    (SELECT p.send_at FROM messages p WHERE p.account_id = deliveries.account_id AND p.id = deliveries.message_id) AS send_at,
    (SELECT p.automated FROM messages p WHERE p.account_id = deliveries.account_id AND p.id = deliveries.message_id) AS automated;

-- name: put_off
-- These wait until a time.
UPDATE deliveries d SET state = 'scheduled', due_at = w.due
FROM unnest(:ids::uuid[], :dues::timestamptz[]) AS w (id, due)
WHERE d.account_id = :account_id AND d.id = w.id AND d.state = 'queued';

-- name: waits_until
-- Until when their authors can take them back.
UPDATE messages m SET send_at = w.due
FROM unnest(:ids::uuid[], :dues::timestamptz[]) AS w (id, due)
WHERE m.account_id = :account_id AND m.id = w.id;

-- name: hold_scheduled
-- Answers that wait for a time of their author's choice, not the few seconds in which they can be taken back.
UPDATE deliveries d SET state = 'blocked_by_policy', error_code = 'customer_wrote', error_class = 'policy', reason = 'customer_wrote'
FROM messages m
WHERE d.account_id = :account_id AND d.conversation_id = ANY(:conversation_ids) AND d.state = 'scheduled'
    AND m.account_id = d.account_id AND m.id = d.message_id AND m.send_at > m.created_at + interval '2 minutes'
RETURNING d.id, d.message_id, d.conversation_id;

-- name: handing_over
-- The provider may take it from here on.
UPDATE deliveries SET handed_at = :now WHERE account_id = :account_id AND id = :id AND fence = :fence;

-- name: answers_without_way
-- Answers in conversations that no connection carries.
SELECT m.id FROM messages m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
WHERE m.account_id = :account_id AND m.id = ANY(:message_ids) AND m.kind = 'answer' AND m.state IN ('queued', 'scheduled')
    AND c.connection_id IS NULL;

-- name: claim_deliveries
-- Which deliveries are due, of all organisations? Each is leased under a new fence.
SELECT account_id, id, state, fence FROM channels_claim_deliveries(:now, :lease, :limit);

-- name: keep_lease
-- It is still being sent.
UPDATE deliveries SET lease_until = :until
WHERE account_id = :account_id AND id = :id AND fence = :fence AND state IN ('sending', 'unknown');

-- name: command
-- Everything that an adapter needs to send one message.
SELECT d.id, d.message_id, d.conversation_id, d.connection_id, d.attempt, d.refusals, d.external_id, d.fence, d.state,
    d.part, d.handed_at, c.window_from, c.external_thread_key, i.address AS recipient, m.body, m.deleted_at, m.details, m.automated, c.locale,
    ARRAY(SELECT f.id FROM files f WHERE f.account_id = m.account_id AND f.message_id = m.id ORDER BY f.created_at, f.id)
        AS file_ids,
    (SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'media_type', f.media_type, 'size', f.size,
            'sha256', f.sha256) ORDER BY f.created_at, f.id)
        FROM files f WHERE f.account_id = m.account_id AND f.message_id = m.id) AS files
FROM deliveries d
JOIN messages m ON m.account_id = d.account_id AND m.id = d.message_id
JOIN conversations c ON c.account_id = d.account_id AND c.id = d.conversation_id
LEFT JOIN identities i ON i.account_id = c.account_id AND i.id = c.identity_id
WHERE d.account_id = :account_id AND d.id = :id AND d.fence = :fence;

-- name: hold_delivery
-- One delivery, held until the transaction ends.
SELECT id, message_id, conversation_id, connection_id, state, fence, attempt, refusals, refused_at, external_id, lease_until, handed_at, part, parts
FROM deliveries
WHERE account_id = :account_id AND id = :id
FOR NO KEY UPDATE;

-- name: hold_delivery_of_message
-- The delivery of one message, held until the transaction ends.
SELECT id, message_id, conversation_id, connection_id, state, fence, attempt, external_id, lease_until, handed_at, part, parts
FROM deliveries
WHERE account_id = :account_id AND message_id = :message_id
FOR NO KEY UPDATE;

-- name: settle_delivery
-- What became of an attempt. The fence stays: the next claim raises it.
UPDATE deliveries
SET state = :state, due_at = coalesce(:due_at, due_at), lease_until = NULL, external_id = coalesce(:external_id, external_id),
    error_code = :error_code, error_class = :error_class, reason = :reason,
    refused_at = CASE WHEN :refused::boolean THEN coalesce(refused_at, :now) ELSE refused_at END,
    refusals = refusals + CASE WHEN :refused::boolean THEN 1 ELSE 0 END,
    sent_at = CASE WHEN :arrived::boolean THEN coalesce(sent_at, :now) ELSE sent_at END,
    delivered_at = CASE WHEN :state IN ('delivered', 'read') THEN coalesce(delivered_at, :now) ELSE delivered_at END,
    read_at = CASE WHEN :state = 'read' THEN coalesce(read_at, :now) ELSE read_at END
WHERE account_id = :account_id AND id = :id;

-- name: sent_at_once
-- Answers of channels that need no call to the outside are out when they are planned.
UPDATE deliveries SET state = 'sent', sent_at = :now, attempt = 1
WHERE account_id = :account_id AND id = ANY(:ids) AND state = 'queued';

-- name: queue_again
-- A person wants it sent again: new attempts, new fence, so that whoever still works on the old one is shut out.
UPDATE deliveries
SET state = :state, due_at = :now, attempt = 0, refusals = 0, refused_at = NULL, fence = fence + 1, lease_until = NULL, error_code = NULL,
    error_class = NULL, reason = NULL
WHERE account_id = :account_id AND id = :id;

-- name: watermark
-- Our messages of a conversation up to a seq that are not yet that far, oldest first, held.
SELECT id, message_id, state, seq FROM deliveries
WHERE account_id = :account_id AND conversation_id = :conversation_id AND seq <= :up_to_seq AND state = ANY(:below)
ORDER BY seq
FOR NO KEY UPDATE;

-- name: conversations_of_answers
-- Whose conversations these are, as far as a person wrote them.
SELECT DISTINCT conversation_id FROM messages
WHERE account_id = :account_id AND id = ANY(:message_ids) AND NOT automated
ORDER BY conversation_id;

-- name: of_the_same_kind
-- A connection and its sisters, also those that are out of service: what went out by them may still be told of.
SELECT o.id FROM connections c JOIN connections o ON o.account_id = c.account_id AND o.kind = c.kind
WHERE c.account_id = :account_id AND c.id = :id;

-- name: by_external_ids
-- Deliveries that the provider names, whole or by a piece of theirs, held.
SELECT d.id, d.message_id, d.state, d.seq, d.conversation_id FROM deliveries d
WHERE d.account_id = :account_id AND d.id = ANY(ARRAY(
    SELECT w.id FROM deliveries w
    WHERE w.account_id = :account_id AND w.connection_id = ANY(:connection_ids) AND w.external_id = ANY(:external_ids)
    UNION
    SELECT p.delivery_id FROM delivery_parts p
    WHERE p.account_id = :account_id AND p.connection_id = ANY(:connection_ids) AND p.external_id = ANY(:external_ids)))
ORDER BY d.seq
FOR NO KEY UPDATE;

-- name: by_message_ids
-- Deliveries of messages that the provider names by our own ids, held.
SELECT id, message_id, state, seq, conversation_id FROM deliveries
WHERE account_id = :account_id AND connection_id = :connection_id AND message_id = ANY(:message_ids)
ORDER BY seq
FOR NO KEY UPDATE;

-- name: up_to_time
-- Our messages of a thread that were sent until an instant and are not yet that far, held.
SELECT d.id, d.message_id, d.state, d.seq, d.conversation_id FROM deliveries d
JOIN conversations c ON c.account_id = d.account_id AND c.id = d.conversation_id
WHERE d.account_id = :account_id AND d.connection_id = :connection_id AND c.external_thread_key = :thread
    -- Handed over before the provider had it; our own note of its leaving may be later than the provider's clock.
    AND coalesce(d.handed_at, d.sent_at) <= :up_to AND d.state = ANY(:below)
ORDER BY d.seq
FOR NO KEY UPDATE OF d;

-- name: move_deliveries
-- All of them are that far now.
UPDATE deliveries
SET state = :state, sent_at = coalesce(sent_at, :now), lease_until = NULL,
    delivered_at = CASE WHEN :state IN ('delivered', 'read') THEN coalesce(delivered_at, :now) ELSE delivered_at END,
    read_at = CASE WHEN :state = 'read' THEN coalesce(read_at, :now) ELSE read_at END
WHERE account_id = :account_id AND id = ANY(:ids);

-- name: add_file
-- A file that was put into the store.
INSERT INTO files (account_id, id, actor, name, media_type, size, sha256, image, created_at)
VALUES (:account_id, :id, :actor, :name, :media_type, :size, :sha256, :image, :now);

-- name: unsent_of_visitors
-- How many bytes visitors have uploaded that became part of no message yet.
SELECT coalesce(sum(f.size), 0)::bigint AS size FROM files f
WHERE f.account_id = :account_id AND f.message_id IS NULL AND starts_with(f.actor, 'visitor:');

-- name: lock_content
-- Uploading and sweeping the same content take turns.
SELECT pg_advisory_xact_lock(hashtextextended(:account_id::text || :sha256, 8112));

-- name: file_for_agent
-- A file that an agent may see: in a conversation that is not hidden, or their own upload.
SELECT f.id, f.name, f.media_type, f.size, f.sha256, f.image
FROM files f
LEFT JOIN conversations c ON c.account_id = f.account_id AND c.id = f.conversation_id
WHERE f.account_id = :account_id AND f.id = :id AND (
    (f.conversation_id IS NULL AND f.actor = :actor)
    OR (c.id IS NOT NULL AND c.archived_at IS NULL
        AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))));

-- name: orphan_files
-- Uploads of all organisations that never became part of a message.
SELECT account_id, id, sha256 FROM channels_orphan_files(:older_than, :limit);

-- name: drop_orphan
-- Forget one of them unless it found its message meanwhile; tells whether its content is still named elsewhere.
WITH gone AS (
    DELETE FROM files f WHERE f.account_id = :account_id AND f.id = :id AND f.message_id IS NULL RETURNING f.sha256
)
SELECT gone.sha256, EXISTS (
    SELECT 1 FROM files o WHERE o.account_id = :account_id AND o.sha256 = gone.sha256 AND o.id <> :id) AS shared
FROM gone;

-- name: note_piece
-- A piece of an answer has gone out.
INSERT INTO delivery_parts (account_id, delivery_id, part, connection_id, external_id, sent_at)
VALUES (:account_id, :delivery_id, :part, :connection_id, :external_id, :now)
ON CONFLICT (account_id, delivery_id, part) DO NOTHING;

-- name: piece_has_gone
-- Whether a piece of an answer is known to have gone out.
SELECT EXISTS (SELECT FROM delivery_parts
    WHERE account_id = :account_id AND delivery_id = :delivery_id AND part = :part);

-- name: next_piece
-- On to the first piece that has not gone out; no row when all have.
UPDATE deliveries d SET part = n.part, attempt = 0, refusals = 0, refused_at = NULL
FROM (
    SELECT min(p) AS part FROM deliveries x
    CROSS JOIN LATERAL generate_series(0, x.parts - 1) AS p
    WHERE x.account_id = :account_id AND x.id = :id AND NOT EXISTS (
        SELECT FROM delivery_parts g
        WHERE g.account_id = x.account_id AND g.delivery_id = x.id AND g.part = p)
) AS n
WHERE d.account_id = :account_id AND d.id = :id AND n.part IS NOT NULL
RETURNING true;

-- name: set_parts
-- In how many pieces an answer goes out.
UPDATE deliveries SET parts = :parts WHERE account_id = :account_id AND id = :id AND parts <> :parts;

-- name: named_message
-- The message that a provider's id names: a customer's or one sent elsewhere, an answer of ours, the answer of a piece.
SELECT m.id FROM messages m
WHERE m.account_id = :account_id AND m.conversation_id = :conversation_id AND m.external_id = :external_id
UNION ALL
SELECT d.message_id FROM deliveries d
WHERE d.account_id = :account_id AND d.connection_id = :connection_id AND d.external_id = :external_id
    AND d.conversation_id = :conversation_id
UNION ALL
SELECT d.message_id FROM delivery_parts p
JOIN deliveries d ON d.account_id = p.account_id AND d.id = p.delivery_id
WHERE p.account_id = :account_id AND p.connection_id = :connection_id AND p.external_id = :external_id
    AND d.conversation_id = :conversation_id
LIMIT 1;

-- name: conversation_of_thread
-- The living conversation of a thread.
SELECT id FROM conversations
WHERE account_id = :account_id AND connection_id = :connection_id AND external_thread_key = :thread AND archived_at IS NULL;

-- name: thread
-- What a channel says of a thread.
SELECT owner, standby, first_touch, last_touch FROM threads
WHERE account_id = :account_id AND connection_id = :connection_id AND thread = :thread;

-- name: thread_of_conversation
-- What a channel says of a conversation's thread.
SELECT t.connection_id, t.thread, t.owner, t.standby, t.first_touch, t.last_touch
FROM conversations c
JOIN threads t ON t.account_id = c.account_id AND t.connection_id = c.connection_id AND t.thread = c.external_thread_key
WHERE c.account_id = :account_id AND c.id = :conversation_id;

-- name: touch_thread
-- What the person came from: the first is kept.
INSERT INTO threads (account_id, connection_id, thread, first_touch, last_touch, updated_at)
VALUES (:account_id, :connection_id, :thread, :touch, :touch, :now)
ON CONFLICT (account_id, connection_id, thread) DO UPDATE
SET first_touch = coalesce(threads.first_touch, excluded.first_touch), last_touch = excluded.last_touch, updated_at = :now;

-- name: own_thread
-- Who owns a thread now; no row when that is known.
INSERT INTO threads (account_id, connection_id, thread, owner, standby, updated_at)
VALUES (:account_id, :connection_id, :thread, :owner, :standby, :now)
ON CONFLICT (account_id, connection_id, thread) DO UPDATE
SET owner = excluded.owner, standby = excluded.standby, updated_at = :now
WHERE threads.standby <> excluded.standby OR (excluded.owner IS NOT NULL AND threads.owner IS DISTINCT FROM excluded.owner)
RETURNING connection_id;

-- name: await_file
-- A file of a message that is to be fetched.
INSERT INTO media (account_id, id, message_id, connection_id, ref, name, media_type, due_at, expires_at)
VALUES (:account_id, :id, :message_id, :connection_id, :ref, :name, :media_type, :now, :expires_at);

-- name: claim_media
-- Which files are due, of all organisations?
SELECT account_id, id FROM channels_claim_media(:now, :lease, :limit);

-- name: awaited_file
-- One file that is still awaited.
SELECT id, message_id, connection_id, ref, name, media_type, attempt FROM media
WHERE account_id = :account_id AND id = :id AND state = 'waiting';

-- name: await_longer
-- It could not be fetched: later again.
UPDATE media SET due_at = :due WHERE account_id = :account_id AND id = :id AND state = 'waiting';

-- name: file_kept
-- A file is here.
UPDATE media SET state = 'kept', file_id = :file_id, error = NULL
WHERE account_id = :account_id AND id = :id AND state = 'waiting';

-- name: file_gone
-- A file cannot be had any more.
UPDATE media SET state = 'gone', error = :error WHERE account_id = :account_id AND id = :id AND state = 'waiting';

-- name: still_awaited
-- How many files of a message are still awaited.
SELECT count(*)::integer FROM media WHERE account_id = :account_id AND message_id = :message_id AND state = 'waiting';

-- name: piece
-- The delivery of a piece that came back to us, held.
SELECT id, message_id, conversation_id, connection_id, state, fence, attempt, external_id, lease_until, handed_at, part, parts
FROM deliveries WHERE account_id = :account_id AND id = :id
FOR NO KEY UPDATE;

-- name: name_delivery
-- What the provider calls an answer, where that is not known yet.
UPDATE deliveries SET external_id = coalesce(external_id, :external_id) WHERE account_id = :account_id AND id = :id;

-- name: other_addresses
-- E-mail addresses and phone numbers of the person behind a conversation, the surest first.
SELECT i.kind, i.address FROM conversations c
JOIN identities i ON i.account_id = c.account_id
    AND i.contact_id = ANY((SELECT person_contacts(c.account_id, c.contact_id))::uuid[])
WHERE c.account_id = :account_id AND c.id = :conversation_id AND i.kind IN ('email', 'phone')
ORDER BY (i.trust = 'claimed'), i.kind, i.address LIMIT 5;

-- name: outwards
-- By which connection and thread the customer of a conversation can be told that we type or look.
SELECT connection_id, external_thread_key AS thread FROM conversations
WHERE account_id = :account_id AND id = :conversation_id AND external_thread_key IS NOT NULL AND connection_id IS NOT NULL;

-- name: numbers_held_privately
-- Which numbers of a draft stand in private threads and in no public one.
SELECT n AS number FROM numbers_held_privately(:numbers::text[], :public::text[]) AS n;

-- name: said_in_public
-- What customers wrote lately in a thread that everybody reads.
SELECT body FROM messages
WHERE account_id = :account_id AND conversation_id = :conversation_id AND kind = 'inbound' AND deleted_at IS NULL
ORDER BY seq DESC LIMIT 200;
