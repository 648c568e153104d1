"""Tables of the e-mail adapter: what a mail carries beside its text, how mails hang together, how far a mailbox is read."""

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

mails = tenant_table(
    "mails",
    uuid_column("message_id"),
    uuid_column("conversation_id"),
    uuid_column("connection_id"),
    uuid_column("envelope_id", nullable=True),
    *choice("direction", "in", "out"),
    Column("mail_id", Text, nullable=True),
    Column("refs", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("sender", JSONB, nullable=True),
    Column("sender_address", Text, nullable=True),
    Column("reply_to", JSONB, nullable=True),
    Column("recipients", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("subject", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default=""),
    Column("html", Text, nullable=True),
    Column("inline_files", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("language", Text, nullable=True),
    Column("automatic", Text, nullable=False, server_default="none"),
    instant("written_at", nullable=True),
    instant("created_at"),
    ref("messages", "message_id", on_delete="CASCADE"),
    Index("ix_mails_conversation", "account_id", "conversation_id", "created_at"),
    # How many an address has sent lately.
    Index("ix_mails_sender", "account_id", "sender_address", "created_at", postgresql_where=text("direction = 'in'")),
    key=("message_id",),
    account_key=False,
    comment="What a mail carries beside the text of its message; of ours, what was sent: a retry sends the same again.",
)

mail_ids = tenant_table(
    "mail_ids",
    Column("mail_id", Text, nullable=False),
    uuid_column("message_id"),
    uuid_column("conversation_id"),
    *choice("kind", "is", "names"),
    ref("messages", "message_id", on_delete="CASCADE"),
    Index("ix_mail_ids_message", "account_id", "message_id"),
    key=("mail_id", "message_id", "kind"),
    account_key=False,
    comment="Which Message-IDs a message is and names: how an answer finds its conversation, whichever came first.",
)

mail_participants = tenant_table(
    "mail_participants",
    uuid_column("conversation_id"),
    Column("address", Text, nullable=False),
    *choice("standing", "customer", "copied", "stranger"),
    instant("created_at"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    key=("conversation_id", "address"),
    account_key=False,
    comment="Which addresses take part in a conversation by mail; a stranger only named it.",
)

mailboxes = tenant_table(
    "mailboxes",
    uuid_column("connection_id"),
    Column("folder", Text, nullable=False, server_default="INBOX"),
    Column("uid_validity", BigInteger, nullable=True),
    Column("last_uid", BigInteger, nullable=False, server_default="0"),
    # So far the mails that were taken in have been marked or moved, too; behind it a worker died in between.
    Column("settled_uid", BigInteger, nullable=True),
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    instant("looked_at", nullable=True),
    instant("arrived_at", nullable=True),
    instant("failing_since", nullable=True),
    Column("error", Text, nullable=True),
    Column("error_code", Text, nullable=True),
    instant("sent_at", nullable=True),
    instant("send_failing_since", nullable=True),
    Column("send_error", Text, nullable=True),
    ref("connections", "connection_id", on_delete="CASCADE"),
    key=("connection_id",),
    comment="How far a mailbox has been read, and whether it works.",
)

mail_suppressions = tenant_table(
    "mail_suppressions",
    Column("address", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("said", Text, nullable=False, server_default=""),
    instant("created_at"),
    key=("address",),
    comment="Addresses that do not exist, as a mail server said: nothing is sent there until a person or a mail says otherwise.",
)

automatic_mails = tenant_table(
    "automatic_mails",
    Column("address", Text, nullable=False),
    uuid_column("conversation_id"),
    uuid_column("message_id"),
    instant("created_at"),
    ref("messages", "message_id", on_delete="CASCADE"),
    Index("ix_automatic_mails_address", "account_id", "address", "created_at"),
    key=("message_id",),
    comment="Which automatic mails went to whom: at most one a day to an address, ten in a conversation.",
)
