"""What the accounts room holds about persons: agents, never customers."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="agents",
        columns=("email", "name", "password_hash", "totp_secret", "settings", "last_seen_at"),
        person="agent",
        erase="keep",
        why="Answers are signed by the agent who gave them; an agent who has left is archived and can be renamed.",
    ),
    PersonalTable(
        table="sessions",
        columns=("token_hash", "csrf_token", "ip", "browser", "last_seen_at"),
        person="agent",
        erase="delete",
        retention_days=30,
        retention_from="coalesce(t.revoked_at, t.expires_at)",
        why="An agent looks up sign-ins of the last weeks in the list of sessions.",
    ),
    PersonalTable(
        table="agent_links",
        columns=("email", "token_hash"),
        person="agent",
        erase="delete",
        retention_days=30,
        retention_from="t.expires_at",
        why="Invitations that nobody took up are listed for a month after they ran out.",
    ),
    PersonalTable(
        table="audit_log",
        columns=("actor_id", "ip", "details"),
        person="agent",
        erase="keep",
        why="Append-only proof of who did what; details hold ids and setting names, never what a customer said.",
    ),
)

NO_PERSONAL = {
    "accounts": "the organisation",
    "agent_presence": "leases of open sockets; unlogged and gone after a minute",
    "api_tokens": "hashes and names of programs",
    "brands": "names of the organisation",
    "recovery_codes": "hashes",
    "team_members": "ids",
    "teams": "names of departments",
    "texts": "the organisation's own wordings",
    "throttles": "hashes of addresses; swept when the window has passed",
}
