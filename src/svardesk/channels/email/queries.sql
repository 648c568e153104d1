-- name: known
-- What we know of a mail before it is placed, in one look. `is`: which conversations its own and the named Message-IDs belong
-- to (the caller chooses by its own order). `names`: which conversation holds a mail that names this one, for what is answered
-- may arrive after its answer. `beside`: which conversation holds a mail of the same sender that names what this one names,
-- for two answers to what we have not seen belong together (of two senders they do not: think of a newsletter). `ours`: it is an answer of our own that came by another mailbox.
-- `twin`: which conversation holds this very mail, brought by another of our mailboxes to which it went as well. `lately`: how
-- many mails of its sender, written since an instant, came since then, counted no further than a limit.
SELECT 'is' AS how, i.mail_id, i.conversation_id, c.number::bigint AS number
FROM mail_ids i
JOIN conversations c ON c.account_id = i.account_id AND c.id = i.conversation_id
WHERE i.account_id = :account_id AND i.mail_id = ANY(:mail_ids) AND i.kind = 'is' AND c.archived_at IS NULL
UNION ALL (
    SELECT 'names', i.mail_id, i.conversation_id, 0
    FROM mail_ids i
    JOIN conversations c ON c.account_id = i.account_id AND c.id = i.conversation_id
    WHERE i.account_id = :account_id AND i.mail_id = :mail_id AND i.kind = 'names' AND c.archived_at IS NULL
    ORDER BY c.created_at, c.id LIMIT 1)
UNION ALL (
    SELECT 'beside', NULL, x.conversation_id, 0
    FROM (
        SELECT m.conversation_id, m.refs, m.created_at FROM mails m
        WHERE m.account_id = :account_id AND m.sender_address = :address AND m.direction = 'in'
        ORDER BY m.created_at DESC LIMIT 50) x
    JOIN conversations c ON c.account_id = :account_id AND c.id = x.conversation_id AND c.archived_at IS NULL
    WHERE x.refs && :mail_ids::text[]
    ORDER BY x.created_at DESC LIMIT 1)
UNION ALL
SELECT 'ours', i.mail_id, i.conversation_id, 0
FROM mail_ids i
JOIN mails m ON m.account_id = i.account_id AND m.message_id = i.message_id
WHERE i.account_id = :account_id AND i.mail_id = :mail_id AND i.kind = 'is' AND m.direction = 'out'
    AND m.sender_address = :address
UNION ALL
SELECT 'twin', i.mail_id, i.conversation_id, 0
FROM mail_ids i
JOIN mails m ON m.account_id = i.account_id AND m.message_id = i.message_id
WHERE i.account_id = :account_id AND i.mail_id = :mail_id AND i.kind = 'is' AND m.direction = 'in'
    AND m.connection_id <> :connection_id AND m.sender_address = :address AND m.subject = :subject AND m.body = :body
UNION ALL
SELECT 'lately', NULL, NULL, count(*) FROM (
    SELECT FROM mails m WHERE m.account_id = :account_id AND m.sender_address = :address AND m.direction = 'in'
        AND m.created_at > :since AND coalesce(m.written_at, m.created_at) > :since LIMIT :limit) x;

-- name: living
-- Is there such a conversation?
SELECT id FROM conversations WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: by_number
-- The conversation of a number in a subject.
SELECT id FROM conversations WHERE account_id = :account_id AND number = :number AND archived_at IS NULL;

-- name: takes_part
-- Has this address a part in the conversation? `standing`: as it stands there; `known`: it is one of the person's whom the
-- conversation is with; `proven`: it is the conversation's own address, and was proven to be the customer's.
SELECT (SELECT p.standing FROM mail_participants p
        WHERE p.account_id = c.account_id AND p.conversation_id = c.id AND p.address = :address) AS standing,
    EXISTS (SELECT FROM identities i
        WHERE i.account_id = c.account_id AND i.contact_id = c.contact_id AND i.kind = 'email' AND i.address = :address
            AND i.trust <> 'none') AS known,
    EXISTS (SELECT FROM identities i
        WHERE i.account_id = c.account_id AND i.id = c.identity_id AND i.kind = 'email' AND i.address = :address
            AND i.trust = ANY(:verified)) AS proven
FROM conversations c WHERE c.account_id = :account_id AND c.id = :conversation_id;

-- name: who_takes_part
-- Which of these addresses have a part in the conversation?
SELECT p.address FROM mail_participants p
WHERE p.account_id = :account_id AND p.conversation_id = :conversation_id AND p.address = ANY(:addresses)
    AND p.standing <> 'stranger'
UNION
SELECT i.address FROM conversations c
JOIN identities i ON i.account_id = c.account_id AND i.contact_id = c.contact_id AND i.kind = 'email'
WHERE c.account_id = :account_id AND c.id = :conversation_id AND i.address = ANY(:addresses) AND i.trust <> 'none';

-- name: keep
-- What a mail carries beside the text of its message; which Message-IDs it is and names; which addresses have a part in the
-- conversation with it (nobody's standing is lowered). `lives`: an address from which somebody has written, so that it is
-- there. Doing it twice changes nothing.
WITH mail AS (
    INSERT INTO mails (account_id, message_id, conversation_id, connection_id, envelope_id, direction, mail_id, refs, sender,
        sender_address, reply_to, recipients, subject, body, html, inline_files, language, automatic, written_at, created_at)
    VALUES (:account_id, :message_id, :conversation_id, :connection_id, :envelope_id, :direction, :mail_id, :refs, :sender,
        :sender_address, :reply_to, :recipients, :subject, :body, :html, :inline_files, :language, :automatic, :written_at, :now)
    ON CONFLICT (account_id, message_id) DO NOTHING
), lifted AS (
    DELETE FROM mail_suppressions WHERE account_id = :account_id AND address = :lives
), ids AS (
    INSERT INTO mail_ids (account_id, mail_id, message_id, conversation_id, kind)
    SELECT :account_id, w.mail_id, :message_id, :conversation_id, w.kind
    FROM unnest(:id_values::text[], :id_kinds::text[]) AS w (mail_id, kind)
    ON CONFLICT (account_id, mail_id, message_id, kind) DO NOTHING
)
INSERT INTO mail_participants (account_id, conversation_id, address, standing, created_at)
SELECT :account_id, :conversation_id, w.address, w.standing, :now
FROM unnest(:addresses::text[], :standings::text[]) AS w (address, standing)
ON CONFLICT (account_id, conversation_id, address) DO UPDATE SET standing = excluded.standing
WHERE mail_participants.standing = 'stranger' AND excluded.standing <> 'stranger';

-- name: mail
-- What is kept of one mail.
SELECT message_id, conversation_id, connection_id, direction, mail_id, refs, sender, reply_to, recipients, subject, body, html,
    inline_files, language, automatic, written_at, created_at
FROM mails WHERE account_id = :account_id AND message_id = :message_id;

-- name: answered
-- The customer's newest mail in a conversation before a message: what that message answers. Machines and strangers are
-- not answered, nor is a mail that came in a customer's name and could not prove it.
SELECT m.message_id, m.mail_id, m.refs, m.sender, m.reply_to, m.recipients, m.subject, m.body, m.language, m.written_at,
    m.created_at
FROM mails m
JOIN messages x ON x.account_id = m.account_id AND x.id = m.message_id
WHERE m.account_id = :account_id AND m.conversation_id = :conversation_id AND m.direction = 'in' AND m.automatic = 'none'
    AND x.seq < :before_seq AND x.deleted_at IS NULL
    AND coalesce(x.details->'letter'->>'stranger', 'false') <> 'true'
    AND NOT EXISTS (SELECT 1 FROM mail_participants p WHERE p.account_id = m.account_id
        AND p.conversation_id = m.conversation_id AND p.address = m.sender_address AND p.standing = 'stranger')
ORDER BY x.seq DESC LIMIT 1;

-- name: outgoing
-- What the mail of an answer is made of, beside what the command says.
SELECT x.seq, x.created_at, c.number, c.subject, c.locale, c.team_id, c.channel, p.name AS contact_name,
    p.locale AS contact_locale
FROM messages x
JOIN conversations c ON c.account_id = x.account_id AND c.id = x.conversation_id
LEFT JOIN contacts p ON p.account_id = c.account_id AND p.id = c.contact_id
WHERE x.account_id = :account_id AND x.id = :message_id;

-- name: own_addresses
-- All e-mail addresses of the person whom a conversation is with.
SELECT ARRAY(
    SELECT i.address FROM identities i
    WHERE i.account_id = c.account_id AND i.kind = 'email'
        AND i.contact_id = ANY ((SELECT person_contacts(c.account_id, c.contact_id))::uuid[])) AS addresses
FROM conversations c WHERE c.account_id = :account_id AND c.id = :conversation_id;

-- name: reached
-- To whom an answer went, and whom it did not reach.
SELECT conversation_id, details FROM messages WHERE account_id = :account_id AND id = :message_id;

-- name: sent_as
-- Which of our messages went out under these Message-IDs.
SELECT message_id FROM mails WHERE account_id = :account_id AND mail_id = ANY(:mail_ids) AND direction = 'out';

-- name: suppress
-- Addresses that do not exist: nothing is sent there.
INSERT INTO mail_suppressions (account_id, address, code, said, created_at)
SELECT :account_id, w.address, w.code, w.said, :now
FROM unnest(:addresses::text[], :codes::text[], :said::text[]) AS w (address, code, said)
ORDER BY w.address
ON CONFLICT (account_id, address) DO UPDATE SET code = excluded.code, said = excluded.said, created_at = excluded.created_at;

-- name: suppressed
-- Which of these addresses do not exist, and how a server said so.
SELECT address, code, said FROM mail_suppressions WHERE account_id = :account_id AND address = ANY(:addresses);

-- name: unsuppress
-- Somebody knows better.
DELETE FROM mail_suppressions WHERE account_id = :account_id AND address = ANY(:addresses);

-- name: mailboxes
-- Which mailboxes of all organisations are to be read?
SELECT account_id, connection_id, version FROM email_mailboxes();

-- name: figures
-- How are the mailboxes of all organisations?
SELECT account, mailbox, failing, waiting, looked_at FROM email_mailbox_figures();

-- name: version
-- Has anybody changed the settings?
SELECT version FROM connections WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: cursor
-- How far a mailbox has been read.
SELECT folder, uid_validity, last_uid, coalesce(settled_uid, last_uid) AS settled_uid FROM mailboxes WHERE account_id = :account_id AND connection_id = :connection_id;

-- name: move_cursor
-- What was fetched is stored: go on behind it. In the transaction that stores the mails. `settled`: up to where they are
-- marked or moved as well; NULL: as far as before, or up to where reading began.
INSERT INTO mailboxes (account_id, connection_id, folder, uid_validity, last_uid, settled_uid, waiting, taken, looked_at, arrived_at)
VALUES (:account_id, :connection_id, :folder, :uid_validity, :last_uid, :settled, :waiting, :count, :now,
    CASE WHEN :count > 0 THEN :now::timestamptz END)
ON CONFLICT (account_id, connection_id) DO UPDATE SET folder = excluded.folder, uid_validity = excluded.uid_validity,
    last_uid = excluded.last_uid,
    settled_uid = coalesce(excluded.settled_uid,
        CASE WHEN mailboxes.folder = excluded.folder AND mailboxes.uid_validity = excluded.uid_validity
            THEN coalesce(mailboxes.settled_uid, mailboxes.last_uid) ELSE 0 END),
    waiting = excluded.waiting, taken = mailboxes.taken + excluded.taken,
    looked_at = excluded.looked_at, arrived_at = coalesce(excluded.arrived_at, mailboxes.arrived_at),
    failing_since = NULL, error = NULL, error_code = NULL;

-- name: settled
-- Mails that were taken in are marked or moved by now.
UPDATE mailboxes SET settled_uid = :uid WHERE account_id = :account_id AND connection_id = :connection_id;

-- name: mailbox_fails
-- It cannot be read.
INSERT INTO mailboxes (account_id, connection_id, failing_since, error, error_code)
VALUES (:account_id, :connection_id, :now, :error, :code)
ON CONFLICT (account_id, connection_id) DO UPDATE SET failing_since = coalesce(mailboxes.failing_since, excluded.failing_since),
    error = excluded.error, error_code = excluded.error_code
RETURNING failing_since;

-- name: sending_works
-- Mail went out by it. Did it fail before?
WITH before AS (
    SELECT send_failing_since IS NOT NULL AS failed FROM mailboxes
    WHERE account_id = :account_id AND connection_id = :connection_id)
INSERT INTO mailboxes (account_id, connection_id, sent_at) VALUES (:account_id, :connection_id, :now)
ON CONFLICT (account_id, connection_id) DO UPDATE
SET sent_at = excluded.sent_at, send_failing_since = NULL, send_error = NULL
RETURNING coalesce((SELECT failed FROM before), false) AS news;

-- name: sending_fails
-- Mail cannot go out by it. Could it before?
WITH before AS (
    SELECT send_failing_since IS NOT NULL AS failed FROM mailboxes
    WHERE account_id = :account_id AND connection_id = :connection_id)
INSERT INTO mailboxes (account_id, connection_id, send_failing_since, send_error)
VALUES (:account_id, :connection_id, :now, :error)
ON CONFLICT (account_id, connection_id) DO UPDATE
SET send_failing_since = coalesce(mailboxes.send_failing_since, excluded.send_failing_since), send_error = excluded.send_error
RETURNING NOT coalesce((SELECT failed FROM before), false) AS news;

-- name: alarms
-- Mailboxes that do not work: not read any more, or nothing goes out by them.
SELECT c.id, c.name, c.status <> 'disconnected' AS receives, coalesce(b.failing_since, b.send_failing_since) AS since,
    CASE WHEN c.status = 'disconnected' THEN b.error_code END AS code
FROM connections c
LEFT JOIN mailboxes b ON b.account_id = c.account_id AND b.connection_id = c.id
WHERE c.account_id = :account_id AND c.kind = :kind AND c.archived_at IS NULL
    AND (c.status = 'disconnected' OR b.send_failing_since IS NOT NULL)
ORDER BY c.name, c.id;

-- name: set_status
-- How a connection is, if that is news.
UPDATE connections SET status = :status, version = version + 1
WHERE account_id = :account_id AND id = :id AND status <> :status AND status <> 'paused'
RETURNING version;

-- name: states
-- How the mailboxes of the organisation are.
SELECT connection_id, folder, waiting, taken, looked_at, arrived_at, failing_since, error, error_code, sent_at,
    send_failing_since, send_error
FROM mailboxes WHERE account_id = :account_id;

-- name: automatic_since
-- How many automatic mails an address got lately, and how many a conversation holds.
SELECT (SELECT count(*) FROM automatic_mails a
        WHERE a.account_id = :account_id AND a.address = :address AND a.created_at > :since) AS lately,
    (SELECT count(*) FROM automatic_mails a
        WHERE a.account_id = :account_id AND a.conversation_id = :conversation_id) AS here;

-- name: number_of
-- The number by which people name a conversation.
SELECT number FROM conversations WHERE account_id = :account_id AND id = :id;

-- name: note_automatic
-- An automatic mail goes out.
INSERT INTO automatic_mails (account_id, message_id, conversation_id, address, created_at)
VALUES (:account_id, :message_id, :conversation_id, :address, :now) ON CONFLICT DO NOTHING;

-- name: mails_aside
-- Mails that were set aside, newest first, with as much of each as tells what it is.
SELECT e.id, e.connection_id, e.received_at, octet_length(e.raw) AS size, substring(e.raw FROM 1 FOR :bytes) AS raw,
    coalesce(e.error, (SELECT i.error FROM inbound_items i
        WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined' LIMIT 1)) AS error
FROM envelopes e
JOIN connections c ON c.account_id = e.account_id AND c.id = e.connection_id AND c.kind = :kind
WHERE e.account_id = :account_id AND (e.state = 'quarantined' OR EXISTS (SELECT FROM inbound_items i
    WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined'))
ORDER BY e.received_at DESC, e.id DESC LIMIT :limit;

-- name: let_in
-- A person wants a mail in that was set aside.
UPDATE envelopes e SET headers = coalesce(e.headers, '{}') || jsonb_build_object(:header::text, 'yes')
WHERE e.account_id = :account_id AND e.id = :id AND EXISTS (
    SELECT FROM connections c WHERE c.account_id = e.account_id AND c.id = e.connection_id AND c.kind = :kind)
    AND (e.state = 'quarantined' OR EXISTS (SELECT FROM inbound_items i
        WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined'))
RETURNING e.id;

-- name: dismiss_mail
-- Nothing is to become of a mail that was set aside.
UPDATE envelopes e SET state = 'parsed', due_at = NULL
WHERE e.account_id = :account_id AND e.id = :id AND EXISTS (
    SELECT FROM connections c WHERE c.account_id = e.account_id AND c.id = e.connection_id AND c.kind = :kind)
    AND (e.state = 'quarantined' OR EXISTS (SELECT FROM inbound_items i
        WHERE i.account_id = e.account_id AND i.envelope_id = e.id AND i.state = 'quarantined'))
RETURNING e.id;

-- name: dismiss_items
-- Nor of what was set aside within it.
UPDATE inbound_items SET state = 'ignored' WHERE account_id = :account_id AND envelope_id = :id AND state = 'quarantined';

-- name: shown_mail
-- The formatted form of a mail, for an agent who may see its conversation.
SELECT m.html, m.inline_files, m.subject
FROM mails m
JOIN messages x ON x.account_id = m.account_id AND x.id = m.message_id
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
WHERE m.account_id = :account_id AND m.message_id = :message_id AND c.archived_at IS NULL AND x.deleted_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)));

-- name: raw_mail
-- The mail as it came in, while it is kept, for an agent who may see its conversation.
SELECT e.raw
FROM mails m
JOIN envelopes e ON e.account_id = m.account_id AND e.id = m.envelope_id
JOIN messages x ON x.account_id = m.account_id AND x.id = m.message_id
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
WHERE m.account_id = :account_id AND m.message_id = :message_id AND c.archived_at IS NULL AND x.deleted_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)));
