-- Contacts that become one person, and part again (docs/decisions/0020). Only pointers and the record of the merge are
-- written: addresses, names, fields and conversations stay with the contact that they came to.

-- name: one_at_a_time
-- Who is one person with whom changes in one transaction of an organisation at a time: the persons that it locks cannot grow.
SELECT pg_advisory_xact_lock(hashtextextended('persons ' || :account_id::text, 20));

-- name: persons
-- All contacts that are one person with one of these.
SELECT DISTINCT m.id FROM unnest(:ids::uuid[]) AS asked (id)
CROSS JOIN LATERAL unnest(person_contacts(:account_id, asked.id)) AS m (id);

-- name: lock
-- Contacts that are about to be regrouped, always locked in the same order. FOR UPDATE, because a conversation that begins
-- meanwhile must be told under the right person: it waits for its contact.
SELECT id, coalesce(merged_into_id, id) AS person_id, name, created_at, erased_at FROM contacts
WHERE account_id = :account_id AND id = ANY(:ids)
ORDER BY id FOR UPDATE;

-- name: point
-- Contacts become part of another person.
UPDATE contacts SET merged_into_id = :into_id, version = version + 1 WHERE account_id = :account_id AND id = ANY(:ids);

-- name: unpoint
-- Contacts become a person of their own again, known as one of them.
UPDATE contacts SET merged_into_id = CASE WHEN id = :into_id THEN NULL ELSE :into_id::uuid END, version = version + 1
WHERE account_id = :account_id AND id = ANY(:ids);

-- name: bump
-- The contact that a person is known as: something around it changed.
UPDATE contacts SET version = version + 1 WHERE account_id = :account_id AND id = :id;

-- name: add_merge
-- Who said that two are one, and why.
INSERT INTO contact_merges (account_id, id, from_id, into_id, why, identity_id, agent_id, made_at)
VALUES (:account_id, :id, :from_id, :into_id, :why, :identity_id, :agent_id, :now);

-- name: living_merge
-- A merge that holds.
SELECT id, from_id, into_id, why FROM contact_merges WHERE account_id = :account_id AND id = :id AND undone_at IS NULL;

-- name: undo_merge
-- A merge that holds no longer.
UPDATE contact_merges SET undone_at = :now, undone_by = :agent_id WHERE account_id = :account_id AND id = :id;

-- name: branch
-- A contact and everybody who became part of it, by the merges that hold.
WITH RECURSIVE branch (id) AS (
    SELECT :id::uuid
    UNION
    SELECT m.from_id FROM branch
    JOIN contact_merges m ON m.account_id = :account_id AND m.into_id = branch.id AND m.undone_at IS NULL
)
SELECT id FROM branch;

-- name: touch
-- The lines of their conversations are told anew.
SELECT conversations_touched(:account_id, :ids);

-- name: signed_in_as
-- The contacts of anonymous visitors who turned out to be somebody by signing in with this identity.
SELECT from_id FROM contact_merges
WHERE account_id = :account_id AND identity_id = :identity_id AND why = 'sign_in' AND undone_at IS NULL;

-- name: merges_of
-- The merges that made a person, the newest first; whoever has no name is named by an address that people know.
SELECT m.id, m.from_id, coalesce(nullif(c.name, ''), (
        SELECT coalesce(i.display, i.address) FROM identities i
        WHERE i.account_id = m.account_id AND i.contact_id = m.from_id AND i.kind IN ('email', 'phone')
        ORDER BY i.created_at, i.id LIMIT 1
    )) AS from_name,
    m.into_id, m.why, m.agent_id, a.name AS agent_name, m.made_at, m.why <> 'moved' AS undoable
FROM contact_merges m
JOIN contacts c ON c.account_id = m.account_id AND c.id = m.from_id
LEFT JOIN agents a ON a.account_id = m.account_id AND a.id = m.agent_id
WHERE m.account_id = :account_id AND m.undone_at IS NULL
    AND m.from_id = ANY((SELECT person_contacts(:account_id, :id))::uuid[])
ORDER BY m.made_at DESC, m.id DESC LIMIT :limit;
