"""What e-mail holds about persons."""

from svardesk.kit.personal import PersonalTable

_OF_MY_MESSAGES = (
    "t.message_id IN (SELECT m.id FROM messages m"
    " WHERE m.account_id = t.account_id AND m.conversation_id = ANY({conversations}))"
)

PERSONAL = (
    PersonalTable(
        table="mails",
        columns=(
            "mail_id",
            "refs",
            "sender",
            "sender_address",
            "reply_to",
            "recipients",
            "subject",
            "body",
            "html",
            "inline_files",
        ),
        person="contact",
        subject=_OF_MY_MESSAGES,
        erase="delete",
        context=("direction", "written_at", "created_at"),
        retention_from="t.created_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="mail_ids",
        columns=("mail_id",),
        person="contact",
        subject=_OF_MY_MESSAGES,
        erase="delete",
        context=("kind",),
        why="Without it an answer no longer finds its conversation; the id's own proof in our mails still does.",
    ),
    PersonalTable(
        table="mail_participants",
        columns=("address",),
        person="contact",
        subject="t.conversation_id = ANY({conversations})",
        erase="delete",
        context=("standing", "created_at"),
    ),
    PersonalTable(
        table="mail_suppressions",
        columns=("address", "said"),
        person="contact",
        subject="t.address IN (SELECT i.address FROM identities i WHERE i.account_id = t.account_id AND i.kind = 'email'"
        " AND i.contact_id = ANY({contacts}))",
        erase="delete",
        context=("code", "created_at"),
    ),
    PersonalTable(
        table="automatic_mails",
        columns=("address",),
        person="contact",
        subject=_OF_MY_MESSAGES,
        erase="delete",
        context=("created_at",),
        retention_days=30,
        retention_from="t.created_at",
    ),
)

NO_PERSONAL = {"mailboxes": "the organisation's own mailboxes: how far they are read"}
