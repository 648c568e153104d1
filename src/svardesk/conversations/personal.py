"""What the conversations room holds about persons: all that was said."""

from svardesk.kit.personal import PersonalTable

_MINE = "t.conversation_id = ANY({conversations})"
# What a person wrote in a conversation with somebody else: below a post, or as a stranger.
_ELSEWHERE = (
    "(SELECT a.message_id FROM message_authors a WHERE a.account_id = t.account_id AND a.contact_id = ANY({contacts}))"
)
# By way of the messages: these tables have an index by message, and none by conversation.
_OF_MY_MESSAGES = (
    "(t.message_id IN (SELECT m.id FROM messages m"
    " WHERE m.account_id = t.account_id AND m.conversation_id = ANY({conversations}))"
    f" OR t.message_id IN {_ELSEWHERE})"
)

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
            "status": "'closed'",
            "closed_at": "coalesce(t.closed_at, {now})",
            "snoozed_until": "NULL",
            "waiting_since": "NULL",
            "version": "t.version + 1",
        },
        context=("number", "channel", "status", "created_at", "closed_at", "last_activity_at"),
        retention_from="t.last_activity_at",
        retention_where="(t.preview IS NOT NULL OR t.subject IS NOT NULL OR t.external_thread_key IS NOT NULL)",
        retention_like="messages",
        why="The row stays for the figures: when someone wrote and when they were answered, no longer who or what.",
    ),
    PersonalTable(
        table="messages",
        columns=("body", "external_id", "state_reason", "details"),
        person="contact",
        subject=f"({_MINE} OR t.id IN {_ELSEWHERE})",
        erase="blank",
        blank={
            "body": "''",
            "external_id": "NULL",
            "state_reason": "NULL",
            "details": "NULL",
            "state": "CASE WHEN t.state IN ('queued', 'sending', 'failed_temporary', 'unknown', 'scheduled')"
            " THEN 'cancelled' ELSE t.state END",
            "deleted_at": "coalesce(t.deleted_at, {now})",
            "version": "t.version + 1",
        },
        context=("conversation_id", "seq", "kind", "author_kind", "state", "created_at"),
        retention_from="t.created_at",
        retention_where="t.deleted_at IS NULL",
    ),
    PersonalTable(
        table="message_authors",
        columns=("contact_id",),
        person="contact",
        subject="t.contact_id = ANY({contacts})",
        erase="delete",
        context=("message_id",),
        why="It goes last: by it the person's messages are found.",
    ),
    PersonalTable(
        table="message_edits",
        columns=("body",),
        person="contact",
        subject=_OF_MY_MESSAGES,
        erase="delete",
        context=("message_id", "edit", "written_at"),
        retention_from="t.written_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="message_search",
        columns=("words",),
        person="contact",
        subject=_OF_MY_MESSAGES,
        erase="delete",
        retention_from="t.created_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="drafts",
        columns=("body", "file_ids", "addressing"),
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
        subject=_OF_MY_MESSAGES,
        erase="delete",
        context=("conversation_id", "message_id", "created_at"),
        retention_from="t.created_at",
        retention_where="t.message_id IS NOT NULL",
        retention_like="messages",
        why="Uploads that never became part of a message are swept by the room's own job after a day.",
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
