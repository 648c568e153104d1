"""What the conversations room holds about persons: all that was said."""

from svardesk.kit.personal import PersonalTable

_MINE = "t.conversation_id = ANY({conversations})"

PERSONAL = (
    PersonalTable(
        table="conversations",
        columns=("subject", "preview", "external_thread_key", "identity_id", "locale"),
        person="contact",
        subject="t.id = ANY({conversations})",
        erase="blank",
        blank={
            "subject": "NULL",
            "preview": "NULL",
            "external_thread_key": "NULL",
            "identity_id": "NULL",
            "locale": "NULL",
            "version": "t.version + 1",
        },
        context=("number", "channel", "status", "created_at", "closed_at", "last_activity_at"),
        why="The row stays for the figures: when someone wrote and when they were answered, no longer who or what.",
    ),
    PersonalTable(
        table="messages",
        columns=("body", "external_id", "state_reason", "details"),
        person="contact",
        subject=_MINE,
        erase="blank",
        blank={
            "body": "''",
            "external_id": "NULL",
            "state_reason": "NULL",
            "details": "NULL",
            "deleted_at": "coalesce(t.deleted_at, {now})",
            "version": "t.version + 1",
        },
        context=("conversation_id", "seq", "kind", "author_kind", "state", "created_at"),
        retention_from="t.created_at",
        retention_where="t.deleted_at IS NULL",
    ),
    PersonalTable(
        table="message_search",
        columns=("words",),
        person="contact",
        subject=_MINE,
        erase="delete",
        retention_from="t.created_at",
        why="Words of messages; when messages end by retention, this table gets the same limit.",
    ),
    PersonalTable(
        table="drafts",
        columns=("body", "file_ids"),
        person="contact",
        subject=_MINE,
        erase="delete",
        context=("conversation_id", "kind", "updated_at"),
        retention_days=365,
        retention_from="t.updated_at",
    ),
    PersonalTable(
        table="files",
        columns=("name", "media_type", "size", "sha256"),
        person="contact",
        subject=_MINE,
        erase="delete",
        context=("conversation_id", "message_id", "created_at"),
        retention_days=1,
        retention_from="t.created_at",
        retention_where="t.message_id IS NULL",
        why="Uploads that never became part of a message are swept after a day; the others live as long as it.",
    ),
    PersonalTable(
        table="saved_views",
        columns=("name", "filters"),
        person="agent",
        erase="keep",
        why="An agent's own filters; they go with the agent and name no customer unless the agent wrote it.",
    ),
)

NO_PERSONAL = {
    "conversation_reads": "ids and counters",
    "conversation_tags": "ids",
    "mentions": "ids of agents",
    "tags": "the organisation's own words",
}
