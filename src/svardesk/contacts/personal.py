"""What the contacts room holds about persons."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="contacts",
        columns=("name", "locale", "timezone", "written_standard", "attributes", "last_seen_at"),
        person="contact",
        subject="t.id = ANY({contacts})",
        erase="blank",
        blank={
            "name": "NULL",
            "locale": "NULL",
            "timezone": "NULL",
            "written_standard": "NULL",
            "attributes": "'{}'::jsonb",
            "last_seen_at": "NULL",
            "erased_at": "coalesce(t.erased_at, {now})",
            "version": "t.version + 1",
        },
        context=("created_at", "merged_into_id"),
        retention_from="t.last_seen_at",
        why="The empty shell stays, so that conversations still count in the figures of their month.",
    ),
    PersonalTable(
        table="identities",
        columns=("kind", "scope", "address", "display", "trust", "verified_at"),
        person="contact",
        subject="t.contact_id = ANY({contacts})",
        erase="delete",
        context=("created_at",),
    ),
    PersonalTable(
        table="contact_merges",
        columns=("why", "made_at", "undone_at"),
        person="contact",
        subject="(t.from_id = ANY({contacts}) OR t.into_id = ANY({contacts}))",
        erase="delete",
        context=("from_id", "into_id"),
        why="Who was one person with whom. Without its row a merge cannot be undone: erasure is the end of that.",
    ),
    PersonalTable(
        table="contacts_apart",
        columns=("created_at",),
        person="contact",
        subject="(t.low_id = ANY({contacts}) OR t.high_id = ANY({contacts}))",
        erase="delete",
        why="That an agent told them apart from somebody; from whom is in nobody's export.",
    ),
    PersonalTable(
        table="field_values",
        columns=("text_value", "number_value", "date_value", "boolean_value"),
        person="contact",
        subject="(t.entity_id = ANY({contacts}) OR t.entity_id = ANY({conversations}))",
        erase="delete",
        context=("definition_id", "entity_id"),
    ),
)

NO_PERSONAL = {"field_definitions": "names of fields, not their values"}
