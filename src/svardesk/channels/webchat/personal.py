"""What web chat holds about visitors."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="webchat_sessions",
        columns=(
            "token_hash",
            "locale",
            "page_url",
            "page_title",
            "ip_prefix",
            "attributes",
            "signed_attributes",
            "last_seen_at",
        ),
        person="contact",
        subject="(t.contact_id = ANY({contacts}) OR t.conversation_id = ANY({conversations}))",
        erase="delete",
        context=("created_at", "expires_at"),
        retention_days=30,
        retention_from="coalesce(t.revoked_at, t.expires_at)",
    ),
)
