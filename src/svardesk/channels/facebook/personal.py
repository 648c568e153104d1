"""What the Facebook page holds about persons: which comments are whose, and visitors' posts."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="facebook_comments",
        columns=("comment_id", "parent_id", "contact_id"),
        person="contact",
        subject="(t.contact_id = ANY({contacts}) OR t.conversation_id = ANY({conversations}))",
        erase="delete",
        context=("post_id", "state", "hidden", "written_at"),
        retention_from="t.written_at",
        retention_like="messages",
    ),
    PersonalTable(
        table="facebook_posts",
        columns=("body", "post_id", "permalink", "picture", "link", "error"),
        person="contact",
        subject=(
            "NOT t.own AND t.message_id IN (SELECT m.id FROM messages m"
            " WHERE m.account_id = t.account_id AND m.conversation_id = ANY({conversations}))"
        ),
        erase="delete",
        context=("state", "created_at"),
        retention_from="t.created_at",
        retention_where="NOT t.own",
        retention_like="messages",
    ),
)
