-- Addresses that two persons have. Their kinds are written out, because the index of shared addresses holds no others.

-- name: identity
-- An address, whose it is, and whether it is news in this transaction. One after the other for one address: of two that come
-- at once the second one sees the first.
SELECT i.id, i.contact_id, i.kind, i.address, i.trust, i.created_at = :now OR i.verified_at IS NOT DISTINCT FROM :now AS fresh,
    pg_advisory_xact_lock(hashtextextended(:account_id::text || ' ' || i.kind || ' ' || i.address, 20)) AS turn
FROM identities i WHERE i.account_id = :account_id AND i.id = :id AND i.kind = ANY(:kinds);

-- name: others
-- Other persons with the same address, each once, with the most that we believe; nobody erased or put away, and nobody who
-- was told apart.
WITH own AS (SELECT person_contacts(:account_id, :contact_id) AS ids)
SELECT DISTINCT ON (person_id) coalesce(c.merged_into_id, c.id) AS person_id, i.trust
FROM identities i
JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id
WHERE i.account_id = :account_id AND i.kind IN ('email', 'phone') AND i.kind = :kind AND i.address = :address
    AND i.contact_id <> ALL((SELECT ids FROM own)::uuid[]) AND c.erased_at IS NULL AND c.archived_at IS NULL
    AND NOT EXISTS (
        SELECT FROM contacts_apart a
        WHERE a.account_id = :account_id AND (
            (a.low_id = ANY((SELECT ids FROM own)::uuid[]) AND a.high_id = ANY(person_contacts(:account_id, c.id)))
            OR (a.high_id = ANY((SELECT ids FROM own)::uuid[]) AND a.low_id = ANY(person_contacts(:account_id, c.id))))
    )
ORDER BY person_id, i.trust = ANY(:verified) DESC, i.trust
LIMIT :limit;

-- name: walled
-- Whether one of two persons is known behind the walls of closed teams only.
SELECT contacts_walled(:account_id, person_contacts(:account_id, :one))
    OR contacts_walled(:account_id, person_contacts(:account_id, :other)) AS walled;

-- name: suggestions
-- Who may be the same person as this one, because of an address: those whom the agent may see, nobody who was told apart. The
-- surest address of each, and the surest of them first.
WITH own AS (SELECT person_contacts(:account_id, :contact_id) AS ids), shared AS (
    SELECT coalesce(c.merged_into_id, c.id) AS person_id, o.kind, o.address, o.trust AS own_trust, i.trust,
        (o.trust = ANY(:verified))::int + (i.trust = ANY(:verified))::int AS sure
    FROM identities o
    JOIN identities i ON i.account_id = o.account_id AND i.kind IN ('email', 'phone') AND i.kind = o.kind
        AND i.address = o.address
        AND i.contact_id <> ALL((SELECT ids FROM own)::uuid[])
    JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id AND c.archived_at IS NULL
    WHERE o.account_id = :account_id AND o.contact_id = ANY((SELECT ids FROM own)::uuid[])
        AND o.kind IN ('email', 'phone')
    LIMIT 200
), best AS (
    SELECT DISTINCT ON (person_id) * FROM shared ORDER BY person_id, sure DESC, kind, address
)
SELECT b.person_id, b.kind, b.address, b.own_trust, b.trust, (
    SELECT nullif(coalesce(r.name, (
        SELECT m.name FROM contacts m
        WHERE m.account_id = r.account_id AND m.merged_into_id = r.id AND m.name <> ''
        ORDER BY m.created_at, m.id LIMIT 1
    )), '')
) AS name
FROM best b
JOIN contacts r ON r.account_id = :account_id AND r.id = b.person_id AND r.erased_at IS NULL
WHERE NOT EXISTS (
        SELECT FROM contacts_apart a
        WHERE a.account_id = :account_id AND (
            (a.low_id = ANY((SELECT ids FROM own)::uuid[]) AND a.high_id = ANY(person_contacts(:account_id, b.person_id)))
            OR (a.high_id = ANY((SELECT ids FROM own)::uuid[]) AND a.low_id = ANY(person_contacts(:account_id, b.person_id))))
    )
    AND sees_contact(r.account_id, r.id, :agent_id::uuid, :hidden_team_ids::uuid[])
ORDER BY b.sure DESC, r.last_seen_at DESC NULLS LAST, b.person_id
LIMIT :limit;
