"""Merges of contacts as facts of their own, so that they can be undone; people whom an agent told apart."""

from alembic import op

revision = "20261124_contact_merges"
down_revision = "20261124_before_mail"


TABLES = b"""
CREATE TABLE contact_merges (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    from_id uuid NOT NULL,
    into_id uuid NOT NULL,
    why text NOT NULL,
    identity_id uuid,
    agent_id uuid,
    made_at timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by uuid,
    CONSTRAINT pk_contact_merges PRIMARY KEY (account_id, id),
    CONSTRAINT ck_contact_merges_why_known CHECK (why IN ('agent', 'address', 'sign_in', 'moved')),
    CONSTRAINT ck_contact_merges_two_contacts CHECK (from_id <> into_id),
    CONSTRAINT fk_contact_merges_account_id FOREIGN KEY (account_id) REFERENCES accounts (id),
    CONSTRAINT fk_contact_merges_account_id_from_id FOREIGN KEY (account_id, from_id) REFERENCES contacts (account_id, id),
    CONSTRAINT fk_contact_merges_account_id_into_id FOREIGN KEY (account_id, into_id) REFERENCES contacts (account_id, id),
    CONSTRAINT fk_contact_merges_account_id_identity_id
        FOREIGN KEY (account_id, identity_id) REFERENCES identities (account_id, id),
    CONSTRAINT fk_contact_merges_account_id_agent_id FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id),
    CONSTRAINT fk_contact_merges_account_id_undone_by FOREIGN KEY (account_id, undone_by) REFERENCES agents (account_id, id)
);
COMMENT ON TABLE contact_merges IS
    'Two contacts are one person: who said so and why. Nothing else is written, so taking it back is all an undo is.';
CREATE UNIQUE INDEX uq_contact_merges_from ON contact_merges (account_id, from_id) WHERE undone_at IS NULL;
CREATE INDEX ix_contact_merges_account_id_into_id ON contact_merges (account_id, into_id);

CREATE TABLE contacts_apart (
    account_id uuid NOT NULL,
    low_id uuid NOT NULL,
    high_id uuid NOT NULL,
    agent_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_contacts_apart PRIMARY KEY (account_id, low_id, high_id),
    CONSTRAINT ck_contacts_apart_in_order CHECK (low_id < high_id),
    CONSTRAINT fk_contacts_apart_account_id FOREIGN KEY (account_id) REFERENCES accounts (id),
    CONSTRAINT fk_contacts_apart_account_id_low_id FOREIGN KEY (account_id, low_id) REFERENCES contacts (account_id, id),
    CONSTRAINT fk_contacts_apart_account_id_high_id FOREIGN KEY (account_id, high_id) REFERENCES contacts (account_id, id),
    CONSTRAINT fk_contacts_apart_account_id_agent_id FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id)
);
COMMENT ON TABLE contacts_apart IS
    'Two contacts that an agent knows to be two persons, whatever their addresses say.';
CREATE INDEX ix_contacts_apart_account_id_high_id ON contacts_apart (account_id, high_id);

CREATE INDEX ix_contacts_merged ON contacts (account_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX ix_identities_shared ON identities (account_id, kind, address) WHERE kind IN ('email', 'phone');

-- What was merged before carried its addresses and conversations over for good: it is told, and cannot be undone.
INSERT INTO contact_merges (account_id, id, from_id, into_id, why, made_at)
SELECT account_id, gen_random_uuid(), id, merged_into_id, 'moved', now() FROM contacts WHERE merged_into_id IS NOT NULL;

-- From now on everybody points to the one that the person is known as, not to the next link of a chain.
WITH RECURSIVE up (account_id, id, root_id, depth) AS (
    SELECT account_id, id, merged_into_id, 1 FROM contacts WHERE merged_into_id IS NOT NULL
    UNION ALL
    SELECT up.account_id, up.id, c.merged_into_id, up.depth + 1
    FROM up JOIN contacts c ON c.account_id = up.account_id AND c.id = up.root_id
    WHERE c.merged_into_id IS NOT NULL AND up.depth < 100
), last AS (
    SELECT DISTINCT ON (account_id, id) account_id, id, root_id FROM up ORDER BY account_id, id, depth DESC
)
UPDATE contacts c SET merged_into_id = last.root_id
FROM last WHERE c.account_id = last.account_id AND c.id = last.id AND c.merged_into_id <> last.root_id;
"""


def upgrade() -> None:
    """Create both tables, keep what was merged so far, and let lists, search and erasure look at persons."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(TABLES)
