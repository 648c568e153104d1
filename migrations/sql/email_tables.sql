-- For a database that the first migration made before there was e-mail; a fresh one has all this already.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS send_at timestamptz;
ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS handed_at timestamptz;

CREATE TABLE IF NOT EXISTS mail_participants (
	account_id UUID NOT NULL,
	conversation_id UUID NOT NULL,
	address TEXT NOT NULL,
	standing TEXT NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_mail_participants PRIMARY KEY (account_id, conversation_id, address),
	CONSTRAINT ck_mail_participants_standing_known CHECK (standing IN ('customer', 'copied', 'stranger')),
	CONSTRAINT fk_mail_participants_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE
);

COMMENT ON TABLE mail_participants IS 'Which addresses take part in a conversation by mail; a stranger only named it.';

CREATE TABLE IF NOT EXISTS mailboxes (
	account_id UUID NOT NULL,
	connection_id UUID NOT NULL,
	folder TEXT DEFAULT 'INBOX' NOT NULL,
	uid_validity BIGINT,
	last_uid BIGINT DEFAULT '0' NOT NULL,
	waiting INTEGER DEFAULT '0' NOT NULL,
	taken BIGINT DEFAULT '0' NOT NULL,
	looked_at TIMESTAMP WITH TIME ZONE,
	arrived_at TIMESTAMP WITH TIME ZONE,
	failing_since TIMESTAMP WITH TIME ZONE,
	error TEXT,
	error_code TEXT,
	sent_at TIMESTAMP WITH TIME ZONE,
	send_failing_since TIMESTAMP WITH TIME ZONE,
	send_error TEXT,
	CONSTRAINT pk_mailboxes PRIMARY KEY (account_id, connection_id),
	CONSTRAINT fk_mailboxes_account_id_connection_id FOREIGN KEY(account_id, connection_id) REFERENCES connections (account_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_mailboxes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE mailboxes IS 'How far a mailbox has been read, and whether it works.';

CREATE TABLE IF NOT EXISTS automatic_mails (
	account_id UUID NOT NULL,
	address TEXT NOT NULL,
	conversation_id UUID NOT NULL,
	message_id UUID NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_automatic_mails PRIMARY KEY (account_id, message_id),
	CONSTRAINT fk_automatic_mails_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE,
	CONSTRAINT fk_automatic_mails_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE automatic_mails IS 'Which automatic mails went to whom: at most one a day to an address, ten in a conversation.';

CREATE INDEX IF NOT EXISTS ix_automatic_mails_address ON automatic_mails (account_id, address, created_at);

CREATE TABLE IF NOT EXISTS mail_ids (
	account_id UUID NOT NULL,
	mail_id TEXT NOT NULL,
	message_id UUID NOT NULL,
	conversation_id UUID NOT NULL,
	kind TEXT NOT NULL,
	CONSTRAINT pk_mail_ids PRIMARY KEY (account_id, mail_id, message_id, kind),
	CONSTRAINT ck_mail_ids_kind_known CHECK (kind IN ('is', 'names')),
	CONSTRAINT fk_mail_ids_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE
);

COMMENT ON TABLE mail_ids IS 'Which Message-IDs a message is and names: how an answer finds its conversation, whichever came first.';

CREATE INDEX IF NOT EXISTS ix_mail_ids_message ON mail_ids (account_id, message_id);

CREATE TABLE IF NOT EXISTS mails (
	account_id UUID NOT NULL,
	message_id UUID NOT NULL,
	conversation_id UUID NOT NULL,
	connection_id UUID NOT NULL,
	envelope_id UUID,
	direction TEXT NOT NULL,
	mail_id TEXT,
	refs TEXT[] DEFAULT '{}'::text[] NOT NULL,
	sender JSONB,
	sender_address TEXT,
	reply_to JSONB,
	recipients JSONB DEFAULT '[]'::jsonb NOT NULL,
	subject TEXT DEFAULT '' NOT NULL,
	body TEXT DEFAULT '' NOT NULL,
	html TEXT,
	inline_files JSONB DEFAULT '{}'::jsonb NOT NULL,
	language TEXT,
	automatic TEXT DEFAULT 'none' NOT NULL,
	written_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_mails PRIMARY KEY (account_id, message_id),
	CONSTRAINT ck_mails_direction_known CHECK (direction IN ('in', 'out')),
	CONSTRAINT fk_mails_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE
);

COMMENT ON TABLE mails IS 'What a mail carries beside the text of its message; of ours, what was sent: a retry sends the same again.';

CREATE INDEX IF NOT EXISTS ix_mails_conversation ON mails (account_id, conversation_id, created_at);

CREATE INDEX IF NOT EXISTS ix_mails_sender ON mails (account_id, sender_address, created_at) WHERE direction = 'in';
