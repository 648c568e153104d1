-- Statements of the contacts room. Paste into psql after \set account_id '''…''' and the like.

-- name: identity_by_address
-- Whose address this is.
SELECT i.id, i.contact_id, i.trust, c.merged_into_id
FROM identities i JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id
WHERE i.account_id = :account_id AND i.kind = :kind AND i.scope = :scope AND i.address = :address;

-- name: add_contact
-- A person whom we did not know.
INSERT INTO contacts (account_id, id, name, locale, created_at, last_seen_at)
VALUES (:account_id, :id, :name, :locale, :now, :now);

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

-- name: contacts_by_ids
-- Whole contacts with their identities and fields, in no order; no wall without hidden teams.
SELECT c.id, c.name, c.locale, c.timezone, c.written_standard, c.attributes, c.created_at, c.last_seen_at, c.erased_at,
    c.version,
    coalesce((
        SELECT json_agg(json_build_object('id', i.id, 'kind', i.kind, 'address', i.address, 'display', i.display,
            'trust', i.trust, 'verified_at', i.verified_at) ORDER BY i.created_at, i.id)
        FROM identities i WHERE i.account_id = c.account_id AND i.contact_id = c.id
    ), '[]') AS identities,
    coalesce((
        SELECT json_object_agg(d.key, coalesce(to_json(v.text_value), to_json(v.number_value), to_json(v.date_value),
            to_json(v.boolean_value)) ORDER BY d.key)
        FROM field_values v
        JOIN field_definitions d ON d.account_id = v.account_id AND d.id = v.definition_id
        WHERE v.account_id = c.account_id AND v.entity_id = c.id AND d.entity = 'contact' AND d.archived_at IS NULL
    ), '{}') AS fields
FROM contacts c
WHERE c.account_id = :account_id AND c.id = ANY(:ids)
    AND sees_contact(c.account_id, c.id, :agent_id::uuid, :hidden_team_ids::uuid[]);

-- name: lock_contact
-- The contact that an agent is about to change; a merged one counts as gone, and so does one behind the wall.
SELECT id, name, locale, timezone, written_standard, version FROM contacts
WHERE account_id = :account_id AND id = :id AND merged_into_id IS NULL AND erased_at IS NULL
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
