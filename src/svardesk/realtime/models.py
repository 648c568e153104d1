"""Tables of the realtime room: who is looking, typing or answering where (UNLOGGED leases)."""

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

conversation_presence = tenant_table(
    "conversation_presence",
    uuid_column("conversation_id"),
    uuid_column("agent_id"),
    *choice("kind", "looking", "typing", "answering"),
    instant("until"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    key=("conversation_id", "agent_id"),
    comment="Leases; a row past its time counts as gone. 'answering' is the lock against double answers. UNLOGGED.",
)
