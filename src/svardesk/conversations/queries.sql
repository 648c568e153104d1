-- Statements of the conversations room. Lists end in a line "/* narrower */", where inbox.py adds the filters asked for.
-- The wall is in every query that answers an agent: conversations of closed teams are seen by members, leads, owners.

-- name: receive
-- Take a customer's message (migrations/sql/conversations.sql says how).
SELECT * FROM receive_message(:account_id, :now, :message_id, :actor, :client_id, :body, :preview, :silent,
    :conversation_id, :connection_id, :thread, :new_conversation_id, :contact_id, :identity_id, :channel, :brand_id,
    :team_id, :locale, :subject, :external_id, :occurred_at, :automated, :file_ids);

-- name: set_details
-- What was filled in beside a message's text, written by the transaction that made the message.
UPDATE messages SET details = coalesce(details, '{}') || :details::jsonb WHERE account_id = :account_id AND id = :id;

-- name: post
-- Post an agent's answer or note.
SELECT p.outcome, p.message_id, p.seq, p.other_id, p.other_name, p.mentioned, (p.line).*
FROM post_message(:account_id, :now, :agent_id, :hidden_team_ids, :conversation_id, :message_id, :kind, :body, :preview,
    :actor, :client_id, :based_on_seq, :confirm, :then, :file_ids, :mention_ids) p;

-- name: rows
-- Lines of the inbox by ids, for frames and lists; no wall: whoever asks filters by team_id and assignee_id. One look by
-- key an id: with an empty table's statistics "= ANY" reads the whole organisation, and the prepared plan stays.
SELECT r.* FROM unnest(:ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM conversation_rows c WHERE c.account_id = :account_id AND c.id = wanted.id LIMIT 1) r;

-- name: row_for
-- One line, for an agent who may see it.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.id = :id AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)));

-- name: rows_for
-- Lines by ids, those the agent may see.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.id = ANY(:ids) AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)));

-- name: previous
-- Earlier conversations of the same person, with whichever of their contacts, the latest first.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq
FROM conversation_rows r
WHERE r.account_id = :account_id
    AND r.own_contact_id = ANY((SELECT person_contacts(:account_id, :contact_id))::uuid[])
    AND r.id <> :id AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
ORDER BY r.last_activity_at DESC LIMIT 10;

-- name: may_see
-- Whether the agent may see a conversation, and what has been said in it.
SELECT c.id, c.last_seq, c.last_public_seq, c.version FROM conversations c
WHERE c.account_id = :account_id AND c.id = :id AND c.archived_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)));

-- name: hold
-- The conversation that is about to change, locked.
SELECT c.id, c.status, c.snoozed_until, c.assignee_id, c.team_id, c.waiting_since, c.closed_at, c.last_seq, c.version
FROM conversations c
WHERE c.account_id = :account_id AND c.id = :id AND c.archived_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
FOR NO KEY UPDATE;

-- name: hold_to_wake
-- Snoozed conversations whose time has come; those that somebody holds are left to the next sweep.
SELECT c.id, c.status, c.snoozed_until, c.assignee_id, c.team_id, c.waiting_since, c.closed_at, c.last_seq, c.version
FROM conversations c
WHERE c.account_id = :account_id AND c.id = ANY(:ids) AND c.status = 'snoozed' AND c.snoozed_until <= :now
FOR NO KEY UPDATE SKIP LOCKED;

-- name: hold_unanswered
-- A conversation whose answer did not arrive, locked; since when the customer has waited in truth.
SELECT c.id, c.status, c.snoozed_until, c.assignee_id, c.team_id, coalesce(c.waiting_since, c.last_customer_at) AS waiting_since,
    c.closed_at, c.last_seq, c.version, c.window_from
FROM conversations c
WHERE c.account_id = :account_id AND c.id = :id AND c.archived_at IS NULL
FOR NO KEY UPDATE;

-- name: put_away
-- What a machine began waits for nobody: it is there to be found, not to be done.
UPDATE conversations SET status = 'closed', closed_at = :now, version = version + 1
WHERE account_id = :account_id AND id = :id AND status = 'open'
RETURNING version;

-- name: to_wake
-- Over all organisations: what the sweep must wake.
SELECT account_id, conversation_id FROM conversations_to_wake(:now, :limit);

-- name: change
-- Write what an agent or the house decided about a conversation.
UPDATE conversations SET status = :status, snoozed_until = :snoozed_until, assignee_id = :assignee_id, team_id = :team_id,
    waiting_since = :waiting_since, closed_at = :closed_at, last_seq = :last_seq,
    last_activity_at = greatest(last_activity_at, :activity_at), version = version + 1
WHERE account_id = :account_id AND id = :id
RETURNING version;

-- name: add_line
-- A system line of the thread.
INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, details, created_at)
VALUES (:account_id, :id, :conversation_id, :seq, 'system', 'system', '', 'system', :details::jsonb, :now);

-- name: add_automatic
-- Something that the house says to a customer, once per client id.
INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, client_id, state, automated, details,
    created_at)
VALUES (:account_id, :id, :conversation_id, :seq, 'answer', 'system', :body, :actor, :client_id, 'queued', true,
    :details::jsonb, :now)
ON CONFLICT (account_id, actor, client_id) WHERE client_id IS NOT NULL DO NOTHING
RETURNING id;

-- name: said_automatically
-- The thread is one longer; nobody was answered by that.
UPDATE conversations SET last_seq = last_seq + 1, last_public_seq = last_seq + 1, version = version + 1
WHERE account_id = :account_id AND id = :id;

-- name: can_answer
-- Whether an agent can be given conversations.
SELECT id FROM agents
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL AND role IN ('owner', 'lead', 'agent');

-- name: living_team
-- Whether a team can be given conversations.
SELECT id FROM teams WHERE account_id = :account_id AND id = :id AND archived_at IS NULL;

-- name: messages_before
-- The latest messages before a seq, newest first, one more than asked for.
SELECT m.* FROM message_rows m
WHERE m.account_id = :account_id AND m.conversation_id = :conversation_id AND m.seq < :before_seq
ORDER BY m.seq DESC LIMIT :limit;

-- name: messages_by_ids
-- Messages by ids, for frames and search; no wall.
SELECT r.* FROM unnest(:ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM message_rows m WHERE m.account_id = :account_id AND m.id = wanted.id LIMIT 1) r;

-- name: dress
-- What an addressed message carries beside its text, and who wrote it when that is not the conversation's contact.
UPDATE messages
SET details = CASE WHEN :letter::jsonb IS NULL THEN details
        ELSE coalesce(details, '{}') || jsonb_build_object('letter', :letter::jsonb) END,
    author_kind = CASE WHEN :machine::boolean THEN 'system' ELSE author_kind END,
    author_id = CASE WHEN :machine::boolean THEN NULL ELSE coalesce(:author_id, author_id) END
WHERE account_id = :account_id AND id = :id;

-- name: note_author
-- Whose message it is, in a conversation that may be with somebody else.
INSERT INTO message_authors (account_id, message_id, contact_id) VALUES (:account_id, :message_id, :contact_id)
ON CONFLICT (account_id, message_id) DO UPDATE SET contact_id = EXCLUDED.contact_id;

-- name: address
-- To whom an answer goes and when, beside its text. What waits for a time is `scheduled` from the start.
UPDATE messages
SET details = CASE WHEN :letter::jsonb IS NULL THEN details
        ELSE coalesce(details, '{}') || jsonb_build_object('letter', :letter::jsonb) END,
    send_at = :send_at, state = CASE WHEN :send_at::timestamptz IS NULL THEN state ELSE 'scheduled' END
WHERE account_id = :account_id AND id = :id;

-- name: set_states
-- Let answers go on to a state, each only from one that it may follow.
WITH held AS (
    SELECT m.id FROM messages m
    WHERE m.account_id = :account_id AND m.id = ANY(:ids) AND m.kind = 'answer' AND m.state = ANY(:sources)
    ORDER BY m.id FOR NO KEY UPDATE
)
UPDATE messages m SET state = :state, state_reason = :reason, external_id = coalesce(:external_id, m.external_id),
    version = m.version + 1
FROM held WHERE m.account_id = :account_id AND m.id = held.id
RETURNING m.conversation_id, m.id;

-- name: retry
-- Queue a failed answer again, for an agent who may write there.
UPDATE messages m SET state = 'queued', state_reason = NULL, details = m.details #- '{letter,failed}', version = m.version + 1
FROM conversations c
WHERE m.account_id = :account_id AND m.id = :id AND m.conversation_id = :conversation_id AND m.kind = 'answer'
    AND m.state = ANY(:retryable) AND m.deleted_at IS NULL
    AND c.account_id = m.account_id AND c.id = m.conversation_id AND c.archived_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
RETURNING m.id, m.seq;

-- name: visitor_receipts
-- The customer's side has our messages up to a seq, or has read them; only ever forward, never past the last one.
WITH held AS (
    SELECT c.id, least(:delivered_seq::int, c.last_public_seq) AS delivered, least(:read_seq::int, c.last_public_seq) AS read,
        c.visitor_delivered_seq, c.visitor_read_seq
    FROM conversations c
    WHERE c.account_id = :account_id AND c.id = :id
        AND (least(:delivered_seq::int, c.last_public_seq) > c.visitor_delivered_seq
            OR least(:read_seq::int, c.last_public_seq) > c.visitor_read_seq)
    FOR NO KEY UPDATE
), moved AS (
    UPDATE conversations c SET visitor_delivered_seq = greatest(c.visitor_delivered_seq, held.delivered, held.read),
        visitor_read_seq = greatest(c.visitor_read_seq, held.read)
    FROM held WHERE c.account_id = :account_id AND c.id = held.id
    RETURNING c.visitor_delivered_seq, c.visitor_read_seq, c.agents_delivered_seq, c.agents_read_seq
), states AS (
    UPDATE messages m SET state = CASE WHEN m.seq <= held.read THEN 'read' ELSE 'delivered' END, version = m.version + 1
    FROM held
    WHERE m.account_id = :account_id AND m.conversation_id = held.id AND m.kind = 'answer'
        AND m.seq > held.visitor_read_seq
        AND ((m.seq <= held.read AND m.state = ANY(:before_read))
            OR (m.seq <= greatest(held.delivered, held.read) AND m.state = ANY(:before_delivered)))
    RETURNING m.id
)
SELECT moved.*, ARRAY(SELECT id FROM states) AS message_ids FROM moved;

-- name: agents_received
-- Our side has customers' messages up to a seq, for many conversations at once.
WITH asked AS (
    SELECT t.id, max(t.seq) AS seq FROM unnest(:ids::uuid[], :seqs::int[]) AS t (id, seq) GROUP BY t.id
), held AS (
    SELECT c.id, least(a.seq, c.last_customer_seq) AS seq FROM conversations c JOIN asked a ON a.id = c.id
    WHERE c.account_id = :account_id AND least(a.seq, c.last_customer_seq) > c.agents_delivered_seq
    ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
)
UPDATE conversations c SET agents_delivered_seq = greatest(c.agents_delivered_seq, held.seq)
FROM held WHERE c.account_id = :account_id AND c.id = held.id
RETURNING c.id, c.visitor_delivered_seq, c.visitor_read_seq, c.agents_delivered_seq, c.agents_read_seq;

-- name: agent_read
-- An agent has read up to a seq; only ever forward. Nothing comes back when that was known.
INSERT INTO conversation_reads (account_id, conversation_id, agent_id, seq, read_at)
SELECT c.account_id, c.id, :agent_id, least(:seq::int, c.last_seq), :now FROM conversations c
WHERE c.account_id = :account_id AND c.id = :id AND c.archived_at IS NULL AND least(:seq::int, c.last_seq) > 0
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
ON CONFLICT (account_id, conversation_id, agent_id) DO UPDATE SET seq = excluded.seq, read_at = excluded.read_at
    WHERE conversation_reads.seq < excluded.seq
RETURNING seq;

-- name: agents_read
-- Our side has read the customer's messages up to a seq.
UPDATE conversations SET agents_read_seq = greatest(agents_read_seq, least(:seq::int, last_customer_seq)),
    agents_delivered_seq = greatest(agents_delivered_seq, least(:seq::int, last_customer_seq))
WHERE account_id = :account_id AND id = :id AND agents_read_seq < least(:seq::int, last_customer_seq)
RETURNING visitor_delivered_seq, visitor_read_seq, agents_delivered_seq, agents_read_seq;

-- name: mentions_read
-- The agent has seen where a colleague named them.
UPDATE mentions SET read_at = :now
WHERE account_id = :account_id AND conversation_id = :id AND agent_id = :agent_id AND read_at IS NULL;

-- name: renew_presence
-- An agent looks at a conversation that they may see, types in it or answers it, until an instant.
INSERT INTO conversation_presence (account_id, conversation_id, agent_id, kind, until)
SELECT :account_id, c.id, :agent_id, :kind, :until
FROM conversations c
WHERE c.account_id = :account_id AND c.id = :conversation_id
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
ON CONFLICT (account_id, conversation_id, agent_id) DO UPDATE SET
    -- Looking on does not take the lock back while its time runs.
    kind = CASE WHEN conversation_presence.kind = 'answering' AND conversation_presence.until > :now
            AND excluded.kind <> 'answering' AND NOT :release
        THEN 'answering' ELSE excluded.kind END,
    until = CASE WHEN conversation_presence.kind = 'answering' AND conversation_presence.until > :now
            AND excluded.kind <> 'answering' AND NOT :release
        THEN conversation_presence.until ELSE excluded.until END;

-- name: leave_conversations
-- An agent has gone from these conversations.
DELETE FROM conversation_presence
WHERE account_id = :account_id AND agent_id = :agent_id AND conversation_id = ANY(:conversation_ids);

-- name: present
-- Who is at these conversations.
SELECT p.conversation_id, p.agent_id, a.name, p.kind
FROM conversation_presence p
JOIN agents a ON a.account_id = p.account_id AND a.id = p.agent_id
WHERE p.account_id = :account_id AND p.conversation_id = ANY(:conversation_ids) AND p.until > :now
ORDER BY a.name, p.agent_id;

-- name: sweep_presence
-- Leases that ran out, of all organisations.
SELECT conversation_presence_sweep(:now);

-- name: draft
-- The agent's own draft with the files it holds.
SELECT d.kind, d.body, d.file_ids, d.addressing, d.version, d.updated_at, coalesce((
        SELECT json_agg(json_build_object('id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type,
            'url', '/files/' || f.id, 'image', f.image) ORDER BY f.created_at, f.id)
        FROM files f WHERE f.account_id = d.account_id AND f.id = ANY(d.file_ids) AND f.message_id IS NULL
            AND f.actor = 'agent:' || d.agent_id
    ), '[]') AS files
FROM drafts d
WHERE d.account_id = :account_id AND d.conversation_id = :conversation_id AND d.agent_id = :agent_id;

-- name: store_draft
-- Keep a draft if nobody stored a newer one; nothing comes back otherwise.
INSERT INTO drafts (account_id, conversation_id, agent_id, kind, body, file_ids, addressing, version, updated_at)
VALUES (:account_id, :conversation_id, :agent_id, :kind, :body, :file_ids, :addressing::jsonb, 1, :now)
ON CONFLICT (account_id, conversation_id, agent_id) DO UPDATE SET kind = excluded.kind, body = excluded.body,
    file_ids = excluded.file_ids, addressing = excluded.addressing, version = drafts.version + 1, updated_at = excluded.updated_at
    WHERE drafts.version = :version
RETURNING version;

-- name: drop_draft
-- Throw a draft away.
DELETE FROM drafts WHERE account_id = :account_id AND conversation_id = :conversation_id AND agent_id = :agent_id
RETURNING version;

-- name: tags
-- All tags of the organisation.
SELECT id, name, colour, archived_at IS NOT NULL AS archived FROM tags WHERE account_id = :account_id ORDER BY name;

-- name: tag
-- One tag, held.
SELECT id, name, colour, archived_at IS NOT NULL AS archived FROM tags
WHERE account_id = :account_id AND id = :id FOR NO KEY UPDATE;

-- name: add_tag
-- A new tag, unless there is one of that name.
INSERT INTO tags (account_id, id, name, colour, created_at) VALUES (:account_id, :id, :name, :colour, :now)
ON CONFLICT (account_id, name) DO NOTHING
RETURNING id;

-- name: change_tag
-- Write a tag anew, unless another one has the name.
UPDATE tags SET name = :name, colour = :colour, archived_at = CASE WHEN :archived THEN coalesce(archived_at, :now) END
WHERE account_id = :account_id AND id = :id
    AND NOT EXISTS (SELECT FROM tags o WHERE o.account_id = :account_id AND o.name = :name AND o.id <> :id)
RETURNING id;

-- name: put_tag
-- Put a tag on a conversation.
INSERT INTO conversation_tags (account_id, conversation_id, tag_id, created_at)
SELECT :account_id, :conversation_id, t.id, :now FROM tags t
WHERE t.account_id = :account_id AND t.id = :tag_id AND t.archived_at IS NULL
ON CONFLICT DO NOTHING
RETURNING tag_id;

-- name: take_tag
-- Take a tag off a conversation.
DELETE FROM conversation_tags
WHERE account_id = :account_id AND conversation_id = :conversation_id AND tag_id = :tag_id
RETURNING tag_id;

-- name: bump
-- Something around the conversation changed.
UPDATE conversations SET version = version + 1 WHERE account_id = :account_id AND id = :id RETURNING version;

-- name: views
-- The agent's own views and the shared ones.
SELECT id, name, filters, shared, agent_id FROM saved_views
WHERE account_id = :account_id AND (agent_id = :agent_id OR shared) ORDER BY name, id;

-- name: view
-- One view that the agent may use.
SELECT id, name, filters, shared, agent_id FROM saved_views
WHERE account_id = :account_id AND id = :id AND (agent_id = :agent_id OR shared);

-- name: add_view
-- A new view.
INSERT INTO saved_views (account_id, id, agent_id, name, filters, shared, created_at)
VALUES (:account_id, :id, :agent_id, :name, :filters::jsonb, :shared, :now)
ON CONFLICT (account_id, agent_id, name) DO NOTHING
RETURNING id;

-- name: change_view
-- Write one's own view anew.
UPDATE saved_views v SET name = :name, filters = :filters::jsonb, shared = :shared
WHERE v.account_id = :account_id AND v.id = :id AND v.agent_id = :agent_id
    AND NOT EXISTS (
        SELECT FROM saved_views o
        WHERE o.account_id = :account_id AND o.agent_id = :agent_id AND o.name = :name AND o.id <> :id
    )
RETURNING id;

-- name: drop_view
-- Delete one's own view.
DELETE FROM saved_views WHERE account_id = :account_id AND id = :id AND agent_id = :agent_id RETURNING id;

-- name: inbox_all
-- Everything, the newest activity first.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND (r.last_activity_at, r.id) < (:at, :id) AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
    /* narrower */
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: tagged_at_most
-- How many conversations have a tag, counted no further than a limit.
SELECT count(*) FROM (
    SELECT FROM conversation_tags t WHERE t.account_id = :account_id AND t.tag_id = :tag_id LIMIT :limit) x;

-- name: inbox_tagged
-- All, or the done ones, of those with a rare tag: one look by key each, and only a page of them is read whole.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.id = ANY(ARRAY(
    SELECT r.id
    FROM conversation_tags t
    CROSS JOIN LATERAL (
        SELECT c.id, c.last_activity_at, c.archived_at, c.status, c.channel, c.contact_id AS own_contact_id, c.assignee_id,
            c.team_id
        FROM conversations c WHERE c.account_id = :account_id AND c.id = t.conversation_id LIMIT 1
    ) r
    WHERE t.account_id = :account_id AND t.tag_id = :tag_id
        AND (r.last_activity_at, r.id) < (:at, :id) AND r.archived_at IS NULL
        AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
        /* narrower */
    ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit
))
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: inbox_mine
-- What is assigned to the agent and not done.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.assignee_id = :agent_id AND r.status IN ('open', 'waiting')
    AND (r.last_activity_at, r.id) < (:at, :id) AND r.archived_at IS NULL
    /* narrower */
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: inbox_unassigned
-- What nobody has taken.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.assignee_id IS NULL AND r.status IN ('open', 'waiting')
    AND (r.last_activity_at, r.id) < (:at, :id) AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR NOT (r.team_id = ANY(:hidden_team_ids)))
    /* narrower */
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: inbox_teams
-- What stands in some teams and is not done: one short index walk a team, then the newest of all.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM unnest(:team_ids::uuid[]) AS wanted (team_id)
CROSS JOIN LATERAL (
    SELECT r.* FROM conversation_rows r
    WHERE r.account_id = :account_id AND r.team_id = wanted.team_id AND r.status IN ('open', 'waiting')
        AND (r.last_activity_at, r.id) < (:at, :id) AND r.archived_at IS NULL
        AND (r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
        /* narrower */
    ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit
) r
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: inbox_waiting
-- Customers who wait for us, the longest first.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.waiting_since AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.waiting_since IS NOT NULL AND r.status IN ('open', 'waiting')
    AND (r.waiting_since, r.id) > (:at, :id) AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
    /* narrower */
ORDER BY r.waiting_since, r.id LIMIT :limit;

-- name: inbox_snoozed
-- What sleeps, the next to wake first.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.snoozed_until AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.status = 'snoozed'
    AND (r.snoozed_until, r.id) > (:at, :id) AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
    /* narrower */
ORDER BY r.snoozed_until, r.id LIMIT :limit;

-- name: inbox_closed
-- What is done, the latest first.
SELECT r.*, coalesce((
        SELECT d.seq FROM conversation_reads d
        WHERE d.account_id = r.account_id AND d.conversation_id = r.id AND d.agent_id = :agent_id
    ), 0) AS read_seq, r.last_activity_at AS cursor_at
FROM conversation_rows r
WHERE r.account_id = :account_id AND r.status = 'closed' AND (r.last_activity_at, r.id) < (:at, :id)
    AND r.archived_at IS NULL
    AND (r.team_id IS NULL OR r.assignee_id = :agent_id OR NOT (r.team_id = ANY(:hidden_team_ids)))
    /* narrower */
ORDER BY r.last_activity_at DESC, r.id DESC LIMIT :limit;

-- name: counts
-- How many stand in each view, counted no further than a hundred.
SELECT
    (SELECT count(*) FROM (
        SELECT FROM conversations c
        WHERE c.account_id = :account_id AND c.assignee_id = :agent_id AND c.status IN ('open', 'waiting')
            AND c.archived_at IS NULL
        LIMIT 100) x) AS mine,
    (SELECT count(*) FROM (
        SELECT FROM conversations c
        WHERE c.account_id = :account_id AND c.assignee_id IS NULL AND c.status IN ('open', 'waiting')
            AND c.archived_at IS NULL AND (c.team_id IS NULL OR NOT (c.team_id = ANY(:hidden_team_ids)))
        LIMIT 100) x) AS unassigned,
    (SELECT count(*) FROM (
        SELECT FROM unnest(:team_ids::uuid[]) AS wanted (team_id)
        CROSS JOIN LATERAL (
            SELECT FROM conversations c
            WHERE c.account_id = :account_id AND c.team_id = wanted.team_id AND c.status IN ('open', 'waiting')
                AND c.archived_at IS NULL
            LIMIT 100) y
        LIMIT 100) x) AS teams,
    (SELECT count(*) FROM (
        SELECT FROM conversations c
        WHERE c.account_id = :account_id AND c.waiting_since IS NOT NULL AND c.status IN ('open', 'waiting')
            AND c.archived_at IS NULL
            AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
        LIMIT 100) x) AS waiting,
    (SELECT count(*) FROM (
        SELECT FROM conversations c
        WHERE c.account_id = :account_id AND c.status = 'snoozed' AND c.archived_at IS NULL
            AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)))
        LIMIT 100) x) AS snoozed;

-- name: index_words
-- Take messages into the search, with the subject and the signature of a letter and what was filled in beside the text; what is
-- deleted or not text of people is left out.
INSERT INTO message_search (account_id, message_id, conversation_id, words, created_at)
SELECT r.account_id, r.id, r.conversation_id, search_words(concat_ws(E'\n', r.body, r.details->'letter'->>'subject',
        r.details->'letter'->>'signature', (SELECT string_agg(f->>'value', E'\n')
            FROM jsonb_array_elements(r.details->'fields') AS f))), r.created_at
FROM unnest(:ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM messages m
    WHERE m.account_id = :account_id AND m.id = wanted.id AND m.kind <> 'system' AND (m.body <> '' OR m.details IS NOT NULL) AND m.deleted_at IS NULL
    LIMIT 1) r
ON CONFLICT (account_id, message_id) DO NOTHING;

-- name: search_messages
-- Hits the agent may see, newest first.
SELECT message_id, conversation_id, created_at FROM search_messages(:agent_id, :q, :at, :id, :limit);

-- name: search_hits
-- Which words of some texts answer a query.
SELECT search_hits(:bodies::text[], :q) AS words;

-- name: search_contacts
-- Contacts the agent may see that resemble what was typed, the best first.
SELECT contact_id, rank FROM search_contacts(:agent_id, :q, :limit);

-- name: of_contacts
-- The newest conversations with some contacts: lines that must be told anew.
SELECT c.id FROM conversations c
WHERE c.account_id = :account_id AND c.contact_id = ANY(:contact_ids::uuid[]) AND c.archived_at IS NULL
ORDER BY c.last_activity_at DESC LIMIT :limit;

-- name: opened_of_persons
-- Which of some conversations are with one of these persons.
SELECT c.id FROM unnest(:ids::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT * FROM conversations v WHERE v.account_id = :account_id AND v.id = wanted.id LIMIT 1) c
CROSS JOIN LATERAL (SELECT * FROM contacts m WHERE m.account_id = :account_id AND m.id = c.contact_id LIMIT 1) p
WHERE coalesce(p.merged_into_id, p.id) = ANY(ARRAY(
    SELECT coalesce(k.merged_into_id, k.id) FROM contacts k WHERE k.account_id = :account_id AND k.id = ANY(:contact_ids::uuid[])
));

-- name: may_be_answered
-- Whether a message stands in a conversation and was said by somebody outside.
SELECT true FROM messages
WHERE account_id = :account_id AND conversation_id = :conversation_id AND id = :id AND kind = 'inbound';
