-- What agents know to be two persons.

-- name: keep
-- Two contacts are two persons.
INSERT INTO contacts_apart (account_id, low_id, high_id, agent_id, created_at)
VALUES (:account_id, :low_id, :high_id, :agent_id, :now)
ON CONFLICT (account_id, low_id, high_id) DO NOTHING;

-- name: forget
-- Nobody of these and of those was told apart any more; how many were.
DELETE FROM contacts_apart
WHERE account_id = :account_id
    AND ((low_id = ANY(:these) AND high_id = ANY(:those)) OR (low_id = ANY(:those) AND high_id = ANY(:these)));

-- name: between
-- Whether somebody of these was told apart from somebody of those.
SELECT low_id FROM contacts_apart
WHERE account_id = :account_id
    AND ((low_id = ANY(:these) AND high_id = ANY(:those)) OR (low_id = ANY(:those) AND high_id = ANY(:these)))
LIMIT 1;
