-- Statements of the contacts room. Paste into psql after \set account_id '''…''' and the like.

-- name: identities_by_address
-- Whose address this is, in each of these scopes.
SELECT i.id, i.contact_id, i.trust, i.scope, c.last_seen_at, c.name <> '' AS named
FROM identities i JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id
WHERE i.account_id = :account_id AND i.kind = :kind AND i.scope = ANY(:scopes) AND i.address = :address;

-- name: identities_by_addresses
-- Whose addresses these are.
SELECT i.id, i.contact_id, i.trust, i.kind, i.scope, i.address, c.last_seen_at, c.name <> '' AS named
FROM unnest(:kinds::text[], :scopes::text[], :addresses::text[]) AS w (kind, scope, address)
JOIN identities i ON i.account_id = :account_id AND i.kind = w.kind AND i.scope = w.scope AND i.address = w.address
JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id;

-- name: add_person
-- A person whom we did not know, and their address; no row comes back when somebody else had it a moment before.
WITH person AS (
    INSERT INTO contacts (account_id, id, name, locale, created_at, last_seen_at)
    VALUES (:account_id, :contact_id, :name, :locale, :now, :now)
)
INSERT INTO identities (account_id, id, contact_id, kind, scope, address, display, trust, created_at, verified_at)
VALUES (:account_id, :id, :contact_id, :kind, :scope, :address, :display, :trust, :now, :verified_at)
ON CONFLICT (account_id, kind, scope, address) DO NOTHING
RETURNING id;

-- name: add_identity
-- An address of a person; when somebody was faster, theirs comes back with fresh = false.
INSERT INTO identities (account_id, id, contact_id, kind, scope, address, display, trust, created_at, verified_at)
VALUES (:account_id, :id, :contact_id, :kind, :scope, :address, :display, :trust, :now, :verified_at)
ON CONFLICT (account_id, kind, scope, address) DO UPDATE SET address = excluded.address
RETURNING id, contact_id, trust, (xmax = 0) AS fresh;

-- name: drop_contact
-- The contact of a creation that came second.
DELETE FROM contacts WHERE account_id = :account_id AND id = :id;

-- name: raise_trust
-- Believe an identity more than before; never less.
UPDATE identities SET trust = :trust, verified_at = coalesce(verified_at, :verified_at), display = coalesce(:display, display)
WHERE account_id = :account_id AND id = :id AND trust = ANY(:lower)
RETURNING id, contact_id;

-- name: same_address
-- An identity of this very person with that address, whatever its scope.
SELECT id FROM identities
WHERE account_id = :account_id AND contact_id = :contact_id AND kind = :kind AND address = :address
LIMIT 1;

-- name: name_if_none
-- Take a name on where we have none.
UPDATE contacts SET name = :name, version = version + 1
WHERE account_id = :account_id AND id = :id AND (name IS NULL OR name = '') AND erased_at IS NULL
RETURNING version;

-- name: bump
-- Something around the contact changed.
UPDATE contacts SET version = version + 1 WHERE account_id = :account_id AND id = :id RETURNING version;

-- name: seen
-- The person was here; written at most once a minute.
UPDATE contacts SET last_seen_at = :now
WHERE account_id = :account_id AND id = :id AND erased_at IS NULL
    AND (last_seen_at IS NULL OR last_seen_at < :now - interval '1 minute');

-- name: persons_of
-- Who is known by these contacts: each contact with the one that its person is known as.
SELECT c.id, coalesce(c.merged_into_id, c.id) AS person_id FROM contacts c
WHERE c.account_id = :account_id AND c.id = ANY(:ids);

-- name: persons_by_ids
-- Whole persons with the identities and fields of all their contacts, in no order; no wall without hidden teams. What the
-- contact that they are known as says itself comes first ('' and an empty field say: nothing), then the oldest that says something.
SELECT r.id, nullif(coalesce(r.name, k.name), '') AS name, coalesce(r.locale, k.locale) AS locale,
    coalesce(r.timezone, k.timezone) AS timezone, coalesce(r.written_standard, k.written_standard) AS written_standard,
    coalesce((
        SELECT jsonb_object_agg(e.key, e.value ORDER BY m.created_at DESC, m.id DESC)
        FROM contacts m, jsonb_each(m.attributes) e
        WHERE m.account_id = r.account_id AND m.merged_into_id = r.id
    ), '{}') || r.attributes AS attributes,
    least(r.created_at, k.created_at) AS created_at, greatest(r.last_seen_at, k.last_seen_at) AS last_seen_at,
    r.erased_at, r.version,
    coalesce((
        SELECT json_agg(json_build_object('id', i.id, 'kind', i.kind, 'address', i.address, 'display', i.display,
            'trust', i.trust, 'verified_at', i.verified_at) ORDER BY i.created_at, i.id)
        FROM identities i WHERE i.account_id = r.account_id AND i.contact_id = ANY(k.ids)
    ), '[]') AS identities,
    coalesce((
        SELECT json_object_agg(f.key, f.value ORDER BY f.key) FROM (
            SELECT DISTINCT ON (d.key) d.key, coalesce(to_json(v.text_value), to_json(v.number_value),
                to_json(v.date_value), to_json(v.boolean_value)) AS value
            FROM field_values v
            JOIN field_definitions d ON d.account_id = v.account_id AND d.id = v.definition_id
            WHERE v.account_id = r.account_id AND v.entity_id = ANY(k.ids) AND d.entity = 'contact' AND d.archived_at IS NULL
            ORDER BY d.key, array_position(k.ids, v.entity_id)
        ) f WHERE f.value IS NOT NULL
    ), '{}') AS fields
FROM contacts r
CROSS JOIN LATERAL (
    SELECT r.id || coalesce(array_agg(m.id ORDER BY m.created_at, m.id), '{}') AS ids,
        (array_agg(m.name ORDER BY m.created_at, m.id) FILTER (WHERE m.name <> ''))[1] AS name,
        (array_agg(m.locale ORDER BY m.created_at, m.id) FILTER (WHERE m.locale IS NOT NULL))[1] AS locale,
        (array_agg(m.timezone ORDER BY m.created_at, m.id) FILTER (WHERE m.timezone IS NOT NULL))[1] AS timezone,
        (array_agg(m.written_standard ORDER BY m.created_at, m.id) FILTER (WHERE m.written_standard IS NOT NULL))[1]
            AS written_standard,
        min(m.created_at) AS created_at, max(m.last_seen_at) AS last_seen_at
    FROM contacts m WHERE m.account_id = r.account_id AND m.merged_into_id = r.id
) k
WHERE r.account_id = :account_id AND r.id = ANY(:ids) AND r.merged_into_id IS NULL
    AND sees_contact(r.account_id, r.id, :agent_id::uuid, :hidden_team_ids::uuid[]);

-- name: itself
-- What one contact alone says: its name, and whether it has an address where people are reached.
SELECT nullif(c.name, '') AS name, EXISTS (
    SELECT FROM identities i
    WHERE i.account_id = c.account_id AND i.contact_id = c.id AND i.kind IN ('email', 'phone')
) AS reachable
FROM contacts c WHERE c.account_id = :account_id AND c.id = :id;

-- name: lock_contact
-- The contact that a person is known as, whom an agent is about to change; nobody behind the wall.
SELECT id, name, locale, timezone, written_standard, version, EXISTS (
    SELECT FROM contacts m WHERE m.account_id = c.account_id AND m.merged_into_id = c.id
) AS several
FROM contacts c
WHERE account_id = :account_id AND merged_into_id IS NULL AND erased_at IS NULL
    AND id = (SELECT coalesce(p.merged_into_id, p.id) FROM contacts p WHERE p.account_id = :account_id AND p.id = :id)
    AND sees_contact(account_id, id, :agent_id::uuid, :hidden_team_ids::uuid[])
FOR NO KEY UPDATE;

-- name: change_contact
-- Write the profile.
UPDATE contacts SET name = :name, locale = :locale, timezone = :timezone, written_standard = :written_standard,
    version = version + 1
WHERE account_id = :account_id AND id = :id
RETURNING version;

-- name: definitions
-- The organisation's own fields.
SELECT id, entity, key, type, labels, choices, archived_at IS NOT NULL AS archived FROM field_definitions
WHERE account_id = :account_id ORDER BY entity, key;

-- name: add_definition
-- A new field.
INSERT INTO field_definitions (account_id, id, entity, key, type, labels, choices, created_at)
VALUES (:account_id, :id, :entity, :key, :type, :labels::jsonb, :choices::jsonb, :now)
ON CONFLICT (account_id, entity, key) DO NOTHING
RETURNING id;

-- name: definition
-- One field, held for a change.
SELECT id, entity, key, type, labels, choices, archived_at IS NOT NULL AS archived FROM field_definitions
WHERE account_id = :account_id AND id = :id FOR UPDATE;

-- name: change_definition
-- Write a field anew.
UPDATE field_definitions SET labels = :labels::jsonb, choices = :choices::jsonb,
    archived_at = CASE WHEN :archived THEN coalesce(archived_at, :now) END
WHERE account_id = :account_id AND id = :id;

-- name: set_value
-- The value of a field for one person or conversation.
INSERT INTO field_values (account_id, id, definition_id, entity_id, text_value, number_value, date_value, boolean_value)
VALUES (:account_id, :id, :definition_id, :entity_id, :text_value, :number_value, :date_value, :boolean_value)
ON CONFLICT (account_id, definition_id, entity_id) DO UPDATE SET text_value = excluded.text_value,
    number_value = excluded.number_value, date_value = excluded.date_value, boolean_value = excluded.boolean_value;

-- name: drop_value
-- Empty a field.
DELETE FROM field_values WHERE account_id = :account_id AND definition_id = :definition_id AND entity_id = :entity_id;
