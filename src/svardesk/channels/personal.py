"""What the channels room holds about persons: what came in, byte for byte, and what went out."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="envelopes",
        columns=("raw", "headers", "error", "sha256"),
        person="contact",
        subject="t.contact_id = ANY({contacts})",
        erase="delete",
        context=("received_at", "state"),
        retention_days=30,
        retention_from="t.received_at",
        retention_where="t.state <> 'received'",
        why="Kept so that a mended parser can read them again; what has not been parsed yet is never dropped.",
    ),
    PersonalTable(
        table="inbound_items",
        columns=("idempotency_key", "error"),
        person="contact",
        subject=(
            "t.envelope_id IN (SELECT e.id FROM envelopes e"
            " WHERE e.account_id = t.account_id AND e.contact_id = ANY({contacts}))"
        ),
        erase="delete",
        context=("type", "state", "created_at"),
        retention_days=90,
        retention_from="t.created_at",
        why="Outlives its envelope, so that a late second delivery of the same thing is still recognised.",
    ),
    PersonalTable(
        table="deliveries",
        columns=("external_id", "error_code", "reason"),
        person="contact",
        subject=(
            "t.message_id IN (SELECT m.id FROM messages m"
            " WHERE m.account_id = t.account_id AND m.conversation_id = ANY({conversations}))"
        ),
        erase="blank",
        # An answer that is still under way is not sent any more: its text is gone.
        blank={
            "external_id": "NULL",
            "error_code": "NULL",
            "reason": "NULL",
            "state": "CASE WHEN t.state IN ('queued', 'sending', 'failed_temporary', 'unknown', 'scheduled')"
            " THEN 'cancelled' ELSE t.state END",
        },
        context=("message_id", "state", "created_at", "sent_at", "delivered_at", "read_at"),
    ),
    PersonalTable(
        table="delivery_parts",
        columns=("external_id",),
        person="contact",
        subject=(
            "t.delivery_id IN (SELECT d.id FROM deliveries d"
            " WHERE d.account_id = t.account_id AND d.conversation_id = ANY({conversations}))"
        ),
        erase="delete",
        context=("part", "sent_at"),
        retention_from="t.sent_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="threads",
        columns=("thread", "first_touch", "last_touch"),
        person="contact",
        subject=(
            "(t.connection_id, t.thread) IN (SELECT c.connection_id, c.external_thread_key FROM conversations c"
            " WHERE c.account_id = t.account_id AND c.id = ANY({conversations}))"
        ),
        erase="delete",
        context=("updated_at",),
        retention_from="t.updated_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="media",
        columns=("ref", "name", "error"),
        person="contact",
        subject=(
            "(t.message_id IN (SELECT m.id FROM messages m"
            " WHERE m.account_id = t.account_id AND m.conversation_id = ANY({conversations}))"
            " OR t.message_id IN (SELECT a.message_id FROM message_authors a"
            " WHERE a.account_id = t.account_id AND a.contact_id = ANY({contacts})))"
        ),
        erase="delete",
        context=("message_id", "state", "due_at"),
        retention_from="t.due_at",
        retention_where="t.state <> 'waiting'",
        retention_like="messages",
    ),
)

NO_PERSONAL = {"connections": "the organisation's own mailboxes, pages and widgets"}
