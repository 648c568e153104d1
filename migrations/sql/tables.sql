CREATE TABLE accounts (
	id UUID NOT NULL, 
	slug TEXT NOT NULL, 
	name TEXT NOT NULL, 
	locale TEXT DEFAULT 'nb' NOT NULL, 
	timezone TEXT DEFAULT 'Europe/Oslo' NOT NULL, 
	settings JSONB DEFAULT '{}'::jsonb NOT NULL, 
	next_number BIGINT DEFAULT '1' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT ck_accounts_locale_known CHECK (locale IN ('nb', 'nn', 'da', 'sv', 'fi', 'en')), 
	CONSTRAINT uq_accounts_slug UNIQUE (slug)
);

COMMENT ON TABLE accounts IS 'Organisations (tenants).';

CREATE TABLE envelopes (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	connection_id UUID NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sha256 BYTEA NOT NULL, 
	raw BYTEA NOT NULL, 
	headers JSONB, 
	state TEXT DEFAULT 'received' NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	error TEXT, 
	contact_id UUID, 
	due_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_envelopes PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_envelopes_state_known CHECK (state IN ('received', 'parsed', 'quarantined'))
);

COMMENT ON TABLE envelopes IS 'Everything that came from outside, byte for byte, until its retention ends.';

CREATE INDEX ix_envelopes_account_id_contact_id ON envelopes (account_id, contact_id);

CREATE INDEX ix_envelopes_due ON envelopes (due_at) WHERE state = 'received';

CREATE INDEX ix_envelopes_retention ON envelopes (received_at);

CREATE TABLE event_outbox (
	id BIGINT GENERATED ALWAYS AS IDENTITY, 
	account_id UUID NOT NULL, 
	stream UUID NOT NULL, 
	type TEXT NOT NULL, 
	version SMALLINT NOT NULL, 
	payload JSONB NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_event_outbox PRIMARY KEY (id)
);

COMMENT ON TABLE event_outbox IS 'Events of committed transactions that have no position yet; the sequencer moves them into the log.';

CREATE TABLE events (
	position BIGINT NOT NULL, 
	account_id UUID NOT NULL, 
	stream UUID NOT NULL, 
	lane SMALLINT NOT NULL, 
	type TEXT NOT NULL, 
	version SMALLINT NOT NULL, 
	payload JSONB NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (position)
)
 PARTITION BY RANGE (position);

COMMENT ON TABLE events IS 'The log. Append-only, dense positions, given after commit; partitioned by ranges of position.';

CREATE TABLE inbound_items (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	envelope_id UUID NOT NULL, 
	connection_id UUID NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	type TEXT NOT NULL, 
	state TEXT DEFAULT 'done' NOT NULL, 
	error TEXT, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_inbound_items PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_inbound_items_state_known CHECK (state IN ('done', 'ignored', 'quarantined')), 
	CONSTRAINT uq_inbound_items_account_id_connection_id_idempotency_key UNIQUE (account_id, connection_id, idempotency_key)
);

COMMENT ON TABLE inbound_items IS 'What a parser found in an envelope; the unique key makes a second delivery of the same thing harmless.';

CREATE INDEX ix_inbound_items_account_id_envelope_id ON inbound_items (account_id, envelope_id);

CREATE TABLE reaction_cursors (
	lane SMALLINT NOT NULL, 
	position BIGINT DEFAULT '0' NOT NULL, 
	moved_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_reaction_cursors PRIMARY KEY (lane)
);

COMMENT ON TABLE reaction_cursors IS 'How far the relay has worked, per lane (hash of the stream).';

CREATE TABLE set_aside_events (
	id UUID NOT NULL, 
	position BIGINT NOT NULL, 
	account_id UUID NOT NULL, 
	stream UUID NOT NULL, 
	reaction TEXT NOT NULL, 
	type TEXT NOT NULL, 
	version SMALLINT NOT NULL, 
	payload JSONB NOT NULL, 
	attempts INTEGER DEFAULT '1' NOT NULL, 
	error TEXT NOT NULL, 
	set_aside_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	retry_at TIMESTAMP WITH TIME ZONE, 
	solved_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_set_aside_events PRIMARY KEY (id)
);

COMMENT ON TABLE set_aside_events IS 'Reactions that kept failing: visible, replayable, in nobody''s way.';

CREATE INDEX ix_set_aside_events_open ON set_aside_events (set_aside_at) WHERE solved_at IS NULL;

CREATE UNIQUE INDEX uq_set_aside_events_once ON set_aside_events (position, reaction);

CREATE TABLE spine_epochs (
	epoch UUID NOT NULL, 
	first_position BIGINT NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_spine_epochs PRIMARY KEY (epoch)
);

COMMENT ON TABLE spine_epochs IS 'One row a take-over: positions from first_position on were given by this sequencer.';

CREATE TABLE spine_state (
	single SMALLINT DEFAULT '1' NOT NULL, 
	last_position BIGINT DEFAULT '0' NOT NULL, 
	epoch UUID NOT NULL, 
	CONSTRAINT pk_spine_state PRIMARY KEY (single)
);

COMMENT ON TABLE spine_state IS 'One row: where the log ends.';

CREATE TABLE throttles (
	key TEXT NOT NULL, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	window_started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	locked_until TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_throttles PRIMARY KEY (key)
);

COMMENT ON TABLE throttles IS 'Guessing: failures per address and per e-mail, and lockouts. Keys are hashes.';

CREATE TABLE workers (
	id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	build TEXT NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_workers PRIMARY KEY (id)
);

COMMENT ON TABLE workers IS 'Heartbeats of web processes and workers, for /readyz and operators.';

CREATE TABLE agents (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	locale TEXT DEFAULT 'nb' NOT NULL, 
	timezone TEXT DEFAULT 'Europe/Oslo' NOT NULL, 
	availability TEXT DEFAULT 'online' NOT NULL, 
	password_hash TEXT, 
	totp_secret BYTEA, 
	totp_confirmed_at TIMESTAMP WITH TIME ZONE, 
	totp_last_step BIGINT, 
	settings JSONB DEFAULT '{}'::jsonb NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_agents PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_agents_role_known CHECK (role IN ('owner', 'lead', 'agent', 'observer')), 
	CONSTRAINT ck_agents_locale_known CHECK (locale IN ('nb', 'nn', 'da', 'sv', 'fi', 'en')), 
	CONSTRAINT ck_agents_availability_known CHECK (availability IN ('online', 'away')), 
	CONSTRAINT uq_agents_account_id_email UNIQUE (account_id, email), 
	CONSTRAINT fk_agents_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE agents IS 'People of the organisation who answer customers or lead those who do.';

CREATE INDEX ix_agents_email ON agents (email);

CREATE TABLE audit_log (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor_id UUID, 
	action TEXT NOT NULL, 
	object_kind TEXT, 
	object_id UUID, 
	ip TEXT, 
	details JSONB DEFAULT '{}'::jsonb NOT NULL, 
	CONSTRAINT pk_audit_log PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_audit_log_actor_kind_known CHECK (actor_kind IN ('agent', 'token', 'visitor', 'system')), 
	CONSTRAINT fk_audit_log_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE audit_log IS 'Append-only: the app role may insert and read, a trigger refuses everything else.';

CREATE INDEX ix_audit_log_newest ON audit_log (account_id, at DESC, id DESC);

CREATE TABLE brands (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	locale TEXT DEFAULT 'nb' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_brands PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_brands_locale_known CHECK (locale IN ('nb', 'nn', 'da', 'sv', 'fi', 'en')), 
	CONSTRAINT fk_brands_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE brands IS 'Names under which one organisation meets its customers.';

CREATE TABLE contacts (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	name TEXT, 
	locale TEXT, 
	timezone TEXT, 
	written_standard TEXT, 
	merged_into_id UUID, 
	attributes JSONB DEFAULT '{}'::jsonb NOT NULL, 
	version BIGINT DEFAULT '1' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE, 
	erased_at TIMESTAMP WITH TIME ZONE, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_contacts PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_contacts_written_standard_known CHECK (written_standard IN ('nb', 'nn')), 
	CONSTRAINT fk_contacts_account_id_merged_into_id FOREIGN KEY(account_id, merged_into_id) REFERENCES contacts (account_id, id), 
	CONSTRAINT fk_contacts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE contacts IS 'A person as we know them.';

CREATE INDEX ix_contacts_seen ON contacts (account_id, last_seen_at DESC);

CREATE TABLE field_definitions (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	entity TEXT NOT NULL, 
	key TEXT NOT NULL, 
	type TEXT NOT NULL, 
	labels JSONB NOT NULL, 
	choices JSONB, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_field_definitions PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_field_definitions_entity_known CHECK (entity IN ('contact', 'conversation')), 
	CONSTRAINT ck_field_definitions_type_known CHECK (type IN ('text', 'number', 'date', 'boolean', 'choice')), 
	CONSTRAINT uq_field_definitions_account_id_entity_key UNIQUE (account_id, entity, key), 
	CONSTRAINT fk_field_definitions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE field_definitions IS 'The organisation''s own fields.';

CREATE TABLE privacy_requests (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	contact_id UUID NOT NULL, 
	state TEXT DEFAULT 'queued' NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	error TEXT, 
	result JSONB, 
	file_sha256 TEXT, 
	requested_by UUID, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	lease_until TIMESTAMP WITH TIME ZONE, 
	finished_at TIMESTAMP WITH TIME ZONE, 
	expires_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_privacy_requests PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_privacy_requests_kind_known CHECK (kind IN ('export', 'erase')), 
	CONSTRAINT ck_privacy_requests_state_known CHECK (state IN ('queued', 'running', 'done', 'failed')), 
	CONSTRAINT fk_privacy_requests_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE privacy_requests IS 'A person''s request to see or to lose what we hold about them; done by the worker.';

CREATE INDEX ix_privacy_requests_due ON privacy_requests (due_at) WHERE state IN ('queued', 'running');

CREATE TABLE tags (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	colour TEXT DEFAULT 'grey' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_tags PRIMARY KEY (account_id, id), 
	CONSTRAINT uq_tags_account_id_name UNIQUE (account_id, name), 
	CONSTRAINT fk_tags_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE TABLE tombstones (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	table_name TEXT NOT NULL, 
	row_id UUID NOT NULL, 
	address_hash BYTEA, 
	erased_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_tombstones PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_tombstones_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE tombstones IS 'What was erased, without what it was: applied again after a restore of an older backup.';

CREATE INDEX ix_tombstones_row ON tombstones (account_id, table_name, row_id);

CREATE TABLE agent_links (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	token_hash BYTEA NOT NULL, 
	email TEXT NOT NULL, 
	agent_id UUID, 
	role TEXT, 
	team_ids UUID[] DEFAULT '{}'::uuid[] NOT NULL, 
	created_by UUID, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	tries INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_agent_links PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_agent_links_kind_known CHECK (kind IN ('invitation', 'password_reset', 'mfa_challenge')), 
	CONSTRAINT ck_agent_links_role_known CHECK (role IN ('owner', 'lead', 'agent', 'observer')), 
	CONSTRAINT fk_agent_links_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_agent_links_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_agent_links_token_hash UNIQUE (token_hash)
);

COMMENT ON TABLE agent_links IS 'One-time links: invitation, password reset, second step of a sign-in.';

CREATE TABLE agent_presence (
	account_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	process_id UUID NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_agent_presence PRIMARY KEY (account_id, agent_id, process_id), 
	CONSTRAINT fk_agent_presence_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_agent_presence_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE agent_presence IS 'Leases of agents with an open socket, one per web process; UNLOGGED.';

CREATE TABLE api_tokens (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	token_hash BYTEA NOT NULL, 
	prefix TEXT NOT NULL, 
	scopes TEXT[] NOT NULL, 
	agent_id UUID NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	expires_at TIMESTAMP WITH TIME ZONE, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_api_tokens PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_api_tokens_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_api_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_api_tokens_token_hash UNIQUE (token_hash)
);

COMMENT ON TABLE api_tokens IS 'Tokens for API clients; they act as the agent who made them, within the scopes.';

CREATE TABLE calendars (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	brand_id UUID, 
	name TEXT NOT NULL, 
	timezone TEXT DEFAULT 'Europe/Oslo' NOT NULL, 
	country TEXT DEFAULT 'NO' NOT NULL, 
	weekly JSONB NOT NULL, 
	exceptions JSONB DEFAULT '{}'::jsonb NOT NULL, 
	is_default BOOLEAN DEFAULT false NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_calendars PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_calendars_account_id_brand_id FOREIGN KEY(account_id, brand_id) REFERENCES brands (account_id, id), 
	CONSTRAINT fk_calendars_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE calendars IS 'Opening hours in local wall time: weekly {''1'': [[''08:00'',''16:00'']], …}, exceptions {''2026-12-24'': []}.';

CREATE UNIQUE INDEX uq_calendars_default ON calendars (account_id) WHERE is_default;

CREATE TABLE field_values (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	definition_id UUID NOT NULL, 
	entity_id UUID NOT NULL, 
	text_value TEXT, 
	number_value NUMERIC, 
	date_value DATE, 
	boolean_value BOOLEAN, 
	CONSTRAINT pk_field_values PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_field_values_account_id_definition_id FOREIGN KEY(account_id, definition_id) REFERENCES field_definitions (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT uq_field_values_account_id_definition_id_entity_id UNIQUE (account_id, definition_id, entity_id), 
	CONSTRAINT fk_field_values_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE field_values IS 'Typed values of the organisation''s own fields.';

CREATE INDEX ix_field_values_account_id_entity_id ON field_values (account_id, entity_id);

CREATE TABLE identities (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	contact_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	scope TEXT DEFAULT '' NOT NULL, 
	address TEXT NOT NULL, 
	display TEXT, 
	trust TEXT DEFAULT 'none' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	verified_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_identities PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_identities_trust_known CHECK (trust IN ('none', 'claimed', 'platform_account', 'domain_verified', 'signed_token', 'phone_number')), 
	CONSTRAINT fk_identities_account_id_contact_id FOREIGN KEY(account_id, contact_id) REFERENCES contacts (account_id, id), 
	CONSTRAINT uq_identities_account_id_kind_scope_address UNIQUE (account_id, kind, scope, address), 
	CONSTRAINT fk_identities_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE identities IS 'An address of a person in one channel. scope = connection id where addresses are only unique within one.';

CREATE INDEX ix_identities_account_id_contact_id ON identities (account_id, contact_id);

CREATE TABLE recovery_codes (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	code_hash BYTEA NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_recovery_codes_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_recovery_codes_account_id_agent_id ON recovery_codes (account_id, agent_id);

CREATE TABLE saved_views (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	filters JSONB NOT NULL, 
	shared BOOLEAN DEFAULT false NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_saved_views PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_saved_views_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT uq_saved_views_account_id_agent_id_name UNIQUE (account_id, agent_id, name), 
	CONSTRAINT fk_saved_views_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE TABLE sessions (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	token_hash BYTEA NOT NULL, 
	csrf_token TEXT NOT NULL, 
	ip TEXT, 
	browser TEXT, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_sessions PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_sessions_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);

COMMENT ON TABLE sessions IS 'Signed-in browsers. Only the SHA-256 of the cookie''s token is kept.';

CREATE INDEX ix_sessions_account_id_agent_id ON sessions (account_id, agent_id);

CREATE TABLE teams (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	timezone TEXT DEFAULT 'Europe/Oslo' NOT NULL, 
	closed BOOLEAN DEFAULT false NOT NULL, 
	brand_id UUID, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_teams PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_teams_account_id_brand_id FOREIGN KEY(account_id, brand_id) REFERENCES brands (account_id, id), 
	CONSTRAINT fk_teams_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE teams IS 'Groups of agents. The conversations of a closed team are seen by its members, leads and owners only.';

CREATE UNIQUE INDEX uq_teams_name ON teams (account_id, lower(name)) WHERE archived_at IS NULL;

CREATE TABLE texts (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	brand_id UUID, 
	key TEXT NOT NULL, 
	locale TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	created_by UUID, 
	CONSTRAINT pk_texts PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_texts_locale_known CHECK (locale IN ('nb', 'nn', 'da', 'sv', 'fi', 'en')), 
	CONSTRAINT fk_texts_account_id_brand_id FOREIGN KEY(account_id, brand_id) REFERENCES brands (account_id, id), 
	CONSTRAINT fk_texts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE texts IS 'The organisation''s own wordings; the highest version counts; fallback nn, nb, en.';

CREATE UNIQUE INDEX uq_texts_version ON texts (account_id, coalesce(brand_id, '00000000-0000-0000-0000-000000000000'::uuid), key, locale, version);

CREATE TABLE connections (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	public_key TEXT, 
	brand_id UUID, 
	team_id UUID, 
	calendar_id UUID, 
	config JSONB DEFAULT '{}'::jsonb NOT NULL, 
	secrets BYTEA, 
	status TEXT DEFAULT 'ok' NOT NULL, 
	health JSONB DEFAULT '{}'::jsonb NOT NULL, 
	version BIGINT DEFAULT '1' NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_connections PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_connections_status_known CHECK (status IN ('ok', 'degraded', 'disconnected', 'paused')), 
	CONSTRAINT fk_connections_account_id_brand_id FOREIGN KEY(account_id, brand_id) REFERENCES brands (account_id, id), 
	CONSTRAINT fk_connections_account_id_team_id FOREIGN KEY(account_id, team_id) REFERENCES teams (account_id, id), 
	CONSTRAINT fk_connections_account_id_calendar_id FOREIGN KEY(account_id, calendar_id) REFERENCES calendars (account_id, id), 
	CONSTRAINT fk_connections_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_connections_public_key UNIQUE (public_key)
);

COMMENT ON TABLE connections IS 'One mailbox, page or widget. public_key is what the outside names it by; secrets are sealed.';

CREATE TABLE conversations (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	number BIGINT NOT NULL, 
	channel TEXT NOT NULL, 
	connection_id UUID, 
	external_thread_key TEXT, 
	contact_id UUID NOT NULL, 
	identity_id UUID, 
	brand_id UUID, 
	subject TEXT, 
	locale TEXT, 
	status TEXT DEFAULT 'open' NOT NULL, 
	snoozed_until TIMESTAMP WITH TIME ZONE, 
	assignee_id UUID, 
	team_id UUID, 
	last_seq INTEGER DEFAULT '0' NOT NULL, 
	last_public_seq INTEGER DEFAULT '0' NOT NULL, 
	last_customer_seq INTEGER DEFAULT '0' NOT NULL, 
	last_answer_seq INTEGER DEFAULT '0' NOT NULL, 
	visitor_delivered_seq INTEGER DEFAULT '0' NOT NULL, 
	visitor_read_seq INTEGER DEFAULT '0' NOT NULL, 
	agents_delivered_seq INTEGER DEFAULT '0' NOT NULL, 
	agents_read_seq INTEGER DEFAULT '0' NOT NULL, 
	preview TEXT, 
	preview_kind TEXT, 
	waiting_since TIMESTAMP WITH TIME ZONE, 
	first_answered_at TIMESTAMP WITH TIME ZONE, 
	last_customer_at TIMESTAMP WITH TIME ZONE, 
	last_activity_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	closed_at TIMESTAMP WITH TIME ZONE, 
	archived_at TIMESTAMP WITH TIME ZONE, 
	version BIGINT DEFAULT '1' NOT NULL, 
	CONSTRAINT pk_conversations PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_conversations_status_known CHECK (status IN ('open', 'waiting', 'snoozed', 'closed')), 
	CONSTRAINT fk_conversations_account_id_contact_id FOREIGN KEY(account_id, contact_id) REFERENCES contacts (account_id, id), 
	CONSTRAINT fk_conversations_account_id_identity_id FOREIGN KEY(account_id, identity_id) REFERENCES identities (account_id, id), 
	CONSTRAINT fk_conversations_account_id_brand_id FOREIGN KEY(account_id, brand_id) REFERENCES brands (account_id, id), 
	CONSTRAINT fk_conversations_account_id_assignee_id FOREIGN KEY(account_id, assignee_id) REFERENCES agents (account_id, id), 
	CONSTRAINT fk_conversations_account_id_team_id FOREIGN KEY(account_id, team_id) REFERENCES teams (account_id, id), 
	CONSTRAINT uq_conversations_account_id_number UNIQUE (account_id, number), 
	CONSTRAINT ck_conversations_snoozed_has_time CHECK ((status = 'snoozed') = (snoozed_until IS NOT NULL)), 
	CONSTRAINT ck_conversations_closed_has_time CHECK ((status = 'closed') = (closed_at IS NOT NULL)), 
	CONSTRAINT fk_conversations_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE conversations IS 'One thread with one person in one channel.';

CREATE INDEX ix_conversations_all ON conversations (account_id, last_activity_at DESC, id DESC);

CREATE INDEX ix_conversations_assignee ON conversations (account_id, assignee_id, last_activity_at DESC, id DESC) WHERE assignee_id IS NOT NULL;

CREATE INDEX ix_conversations_closed ON conversations (account_id, last_activity_at DESC, id DESC) WHERE status = 'closed';

CREATE INDEX ix_conversations_contact ON conversations (account_id, contact_id, last_activity_at DESC, id DESC);

CREATE INDEX ix_conversations_mine ON conversations (account_id, assignee_id, last_activity_at DESC, id DESC) WHERE status IN ('open', 'waiting');

CREATE INDEX ix_conversations_of_team ON conversations (account_id, team_id, last_activity_at DESC, id DESC) WHERE team_id IS NOT NULL;

CREATE INDEX ix_conversations_snoozed ON conversations (account_id, snoozed_until, id) WHERE status = 'snoozed';

CREATE INDEX ix_conversations_team ON conversations (account_id, team_id, last_activity_at DESC, id DESC) WHERE status IN ('open', 'waiting');

CREATE INDEX ix_conversations_unassigned ON conversations (account_id, last_activity_at DESC, id DESC) WHERE assignee_id IS NULL AND status IN ('open', 'waiting');

CREATE INDEX ix_conversations_waiting ON conversations (account_id, waiting_since, id) WHERE waiting_since IS NOT NULL AND status IN ('open', 'waiting');

CREATE INDEX ix_conversations_wake ON conversations (snoozed_until) WHERE status = 'snoozed';

CREATE UNIQUE INDEX uq_conversations_thread ON conversations (account_id, connection_id, external_thread_key) WHERE external_thread_key IS NOT NULL AND archived_at IS NULL;

CREATE TABLE team_members (
	account_id UUID NOT NULL, 
	team_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_team_members PRIMARY KEY (account_id, team_id, agent_id), 
	CONSTRAINT fk_team_members_account_id_team_id FOREIGN KEY(account_id, team_id) REFERENCES teams (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_team_members_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_team_members_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_team_members_account_id_agent_id ON team_members (account_id, agent_id);

CREATE TABLE conversation_presence (
	account_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_conversation_presence PRIMARY KEY (account_id, conversation_id, agent_id), 
	CONSTRAINT ck_conversation_presence_kind_known CHECK (kind IN ('looking', 'typing', 'answering')), 
	CONSTRAINT fk_conversation_presence_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_presence_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_presence_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE conversation_presence IS 'Leases; a row past its time counts as gone. ''answering'' is the lock against double answers. UNLOGGED.';

CREATE TABLE conversation_reads (
	account_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	read_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_conversation_reads PRIMARY KEY (account_id, conversation_id, agent_id), 
	CONSTRAINT fk_conversation_reads_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_reads_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_reads_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE conversation_reads IS 'How far each agent has read.';

CREATE TABLE conversation_tags (
	account_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	tag_id UUID NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
	CONSTRAINT pk_conversation_tags PRIMARY KEY (account_id, conversation_id, tag_id), 
	CONSTRAINT fk_conversation_tags_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_tags_account_id_tag_id FOREIGN KEY(account_id, tag_id) REFERENCES tags (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_conversation_tags_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_conversation_tags_tag ON conversation_tags (account_id, tag_id, conversation_id);

CREATE TABLE drafts (
	account_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	kind TEXT DEFAULT 'answer' NOT NULL, 
	body TEXT NOT NULL, 
	file_ids UUID[] DEFAULT '{}'::uuid[] NOT NULL, 
	version BIGINT DEFAULT '1' NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_drafts PRIMARY KEY (account_id, conversation_id, agent_id), 
	CONSTRAINT ck_drafts_kind_known CHECK (kind IN ('answer', 'note')), 
	CONSTRAINT fk_drafts_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_drafts_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_drafts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE TABLE mail_participants (
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

CREATE TABLE mailboxes (
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

CREATE TABLE messages (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	author_kind TEXT NOT NULL, 
	author_id UUID, 
	body TEXT DEFAULT '' NOT NULL, 
	actor TEXT NOT NULL, 
	client_id UUID, 
	state TEXT, 
	state_reason TEXT, 
	external_id TEXT, 
	silent BOOLEAN DEFAULT false NOT NULL, 
	automated BOOLEAN DEFAULT false NOT NULL, 
	details JSONB, 
	mention_ids UUID[], 
	version INTEGER DEFAULT '1' NOT NULL, 
	occurred_at TIMESTAMP WITH TIME ZONE, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	edited_at TIMESTAMP WITH TIME ZONE, 
	deleted_at TIMESTAMP WITH TIME ZONE, 
	send_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_messages PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_messages_kind_known CHECK (kind IN ('inbound', 'answer', 'note', 'system')), 
	CONSTRAINT ck_messages_author_kind_known CHECK (author_kind IN ('contact', 'agent', 'bot', 'system')), 
	CONSTRAINT ck_messages_state_known CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'blocked_by_window', 'blocked_by_policy', 'scheduled', 'unknown', 'failed_temporary', 'failed_permanent', 'cancelled')), 
	CONSTRAINT fk_messages_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id), 
	CONSTRAINT uq_messages_account_id_conversation_id_seq UNIQUE (account_id, conversation_id, seq)
);

COMMENT ON TABLE messages IS 'What was said. Order is seq within the conversation, never id or clock.';

CREATE UNIQUE INDEX uq_messages_client ON messages (account_id, actor, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE webchat_sessions (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	connection_id UUID NOT NULL, 
	contact_id UUID, 
	identity_id UUID, 
	conversation_id UUID, 
	token_hash BYTEA NOT NULL, 
	locale TEXT DEFAULT 'nb' NOT NULL, 
	page_url TEXT, 
	page_title TEXT, 
	ip_prefix TEXT, 
	attributes JSONB DEFAULT '{}'::jsonb NOT NULL, 
	signed_attributes JSONB DEFAULT '{}'::jsonb NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_webchat_sessions PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_webchat_sessions_account_id_connection_id FOREIGN KEY(account_id, connection_id) REFERENCES connections (account_id, id), 
	CONSTRAINT fk_webchat_sessions_account_id_contact_id FOREIGN KEY(account_id, contact_id) REFERENCES contacts (account_id, id), 
	CONSTRAINT fk_webchat_sessions_account_id_identity_id FOREIGN KEY(account_id, identity_id) REFERENCES identities (account_id, id), 
	CONSTRAINT fk_webchat_sessions_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id), 
	CONSTRAINT fk_webchat_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_webchat_sessions_token_hash UNIQUE (token_hash)
);

COMMENT ON TABLE webchat_sessions IS 'One browser that opened the chat. Only the SHA-256 of its token is kept.';

CREATE INDEX ix_webchat_sessions_contact ON webchat_sessions (account_id, contact_id);

CREATE INDEX ix_webchat_sessions_conversation ON webchat_sessions (account_id, conversation_id);

CREATE INDEX ix_webchat_sessions_expiry ON webchat_sessions (expires_at) WHERE revoked_at IS NULL;

CREATE TABLE automatic_mails (
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

CREATE INDEX ix_automatic_mails_address ON automatic_mails (account_id, address, created_at);

CREATE TABLE deliveries (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	message_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	connection_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	state TEXT DEFAULT 'queued' NOT NULL, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	lease_until TIMESTAMP WITH TIME ZONE, 
	fence BIGINT DEFAULT '0' NOT NULL, 
	external_id TEXT, 
	error_code TEXT, 
	error_class TEXT, 
	reason TEXT, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_at TIMESTAMP WITH TIME ZONE, 
	delivered_at TIMESTAMP WITH TIME ZONE, 
	read_at TIMESTAMP WITH TIME ZONE, 
	handed_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_deliveries PRIMARY KEY (account_id, id), 
	CONSTRAINT ck_deliveries_state_known CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'blocked_by_window', 'blocked_by_policy', 'scheduled', 'unknown', 'failed_temporary', 'failed_permanent', 'cancelled')), 
	CONSTRAINT fk_deliveries_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_deliveries_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_deliveries_account_id_connection_id FOREIGN KEY(account_id, connection_id) REFERENCES connections (account_id, id), 
	CONSTRAINT uq_deliveries_account_id_message_id UNIQUE (account_id, message_id), 
	CONSTRAINT fk_deliveries_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE deliveries IS 'The way out of one answer: a state machine with lease and fence.';

CREATE INDEX ix_deliveries_conversation ON deliveries (account_id, conversation_id, seq);

CREATE INDEX ix_deliveries_due ON deliveries (due_at) WHERE state IN ('queued', 'sending', 'failed_temporary', 'unknown', 'scheduled');

CREATE INDEX ix_deliveries_external ON deliveries (account_id, connection_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE files (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	conversation_id UUID, 
	message_id UUID, 
	actor TEXT NOT NULL, 
	name TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 TEXT NOT NULL, 
	image BOOLEAN DEFAULT false NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_files_account_id_conversation_id FOREIGN KEY(account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_files_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_files_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE files IS 'Files of one account; the bytes lie in the file store under account and sha256, never shared.';

CREATE INDEX ix_files_account_id_message_id ON files (account_id, message_id);

CREATE INDEX ix_files_orphans ON files (created_at) WHERE message_id IS NULL;

CREATE TABLE mail_ids (
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

CREATE INDEX ix_mail_ids_message ON mail_ids (account_id, message_id);

CREATE TABLE mails (
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

CREATE INDEX ix_mails_conversation ON mails (account_id, conversation_id, created_at);

CREATE INDEX ix_mails_sender ON mails (account_id, sender_address, created_at) WHERE direction = 'in';

CREATE TABLE mentions (
	account_id UUID NOT NULL, 
	id UUID NOT NULL, 
	message_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	agent_id UUID NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	read_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_mentions PRIMARY KEY (account_id, id), 
	CONSTRAINT fk_mentions_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_mentions_account_id_agent_id FOREIGN KEY(account_id, agent_id) REFERENCES agents (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_mentions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE INDEX ix_mentions_account_id_agent_id_read_at ON mentions (account_id, agent_id, read_at);

CREATE TABLE message_search (
	account_id UUID NOT NULL, 
	message_id UUID NOT NULL, 
	conversation_id UUID NOT NULL, 
	words TSVECTOR NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_message_search PRIMARY KEY (account_id, message_id), 
	CONSTRAINT fk_message_search_account_id_message_id FOREIGN KEY(account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_message_search_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

COMMENT ON TABLE message_search IS 'Search words of messages; written by a reaction, so that posting stays short.';
