-- name: directory_session
-- Which account and session a cookie's hash belongs to.
SELECT account_id, id FROM directory_session(:token_hash);

-- name: directory_api_token
-- Which account and token an API token's hash belongs to.
SELECT account_id, id FROM directory_api_token(:token_hash);

-- name: directory_agent_link
-- Which account and unused link of one kind a link's hash belongs to.
SELECT account_id, id FROM directory_agent_link(:token_hash, :kind);

-- name: directory_agents_by_email
-- In which organisations an e-mail belongs to an agent.
SELECT account_id, id FROM directory_agents_by_email(:email);

-- name: throttle_take
-- Count an attempt: 0, or the seconds to wait.
SELECT throttle_take(:key, :now, :free, :base_seconds, :cap_seconds, :window_seconds) AS wait;

-- name: throttle_refund
-- Give back an attempt that was right.
SELECT throttle_refund(:key, :free);

-- name: throttle_clear
-- Forget all attempts on a key.
SELECT throttle_clear(:key);

-- name: throttle_sweep
-- Delete what no longer locks anything.
SELECT throttle_sweep(:now) AS deleted;

-- name: session_caller
-- The agent of a living session, with teams and the closed teams that are hidden from agents outside them.
SELECT s.id AS session_id, s.csrf_token, s.last_seen_at, s.expires_at,
       a.id AS agent_id, a.name, a.role, a.locale, a.timezone,
       ARRAY(SELECT m.team_id FROM team_members m JOIN teams t ON t.account_id = m.account_id AND t.id = m.team_id
              WHERE m.account_id = a.account_id AND m.agent_id = a.id AND t.archived_at IS NULL
              ORDER BY m.team_id) AS team_ids,
       ARRAY(SELECT t.id FROM teams t
              WHERE t.account_id = a.account_id AND t.closed
                AND NOT EXISTS (SELECT 1 FROM team_members m
                                 WHERE m.account_id = t.account_id AND m.team_id = t.id AND m.agent_id = a.id)
              ORDER BY t.id) AS closed_team_ids
  FROM sessions s
  JOIN agents a ON a.account_id = s.account_id AND a.id = s.agent_id
  JOIN accounts o ON o.id = s.account_id
 WHERE s.account_id = :account_id AND s.id = :session_id
   AND s.revoked_at IS NULL AND s.expires_at > :now
   AND a.archived_at IS NULL AND o.archived_at IS NULL;

-- name: token_caller
-- The agent for whom a living API token acts, with teams as above.
SELECT k.id AS token_id, k.scopes, k.last_used_at, k.expires_at,
       a.id AS agent_id, a.name, a.role, a.locale, a.timezone,
       ARRAY(SELECT m.team_id FROM team_members m JOIN teams t ON t.account_id = m.account_id AND t.id = m.team_id
              WHERE m.account_id = a.account_id AND m.agent_id = a.id AND t.archived_at IS NULL
              ORDER BY m.team_id) AS team_ids,
       ARRAY(SELECT t.id FROM teams t
              WHERE t.account_id = a.account_id AND t.closed
                AND NOT EXISTS (SELECT 1 FROM team_members m
                                 WHERE m.account_id = t.account_id AND m.team_id = t.id AND m.agent_id = a.id)
              ORDER BY t.id) AS closed_team_ids
  FROM api_tokens k
  JOIN agents a ON a.account_id = k.account_id AND a.id = k.agent_id
  JOIN accounts o ON o.id = k.account_id
 WHERE k.account_id = :account_id AND k.id = :token_id
   AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)
   AND a.archived_at IS NULL AND o.archived_at IS NULL;

-- name: touch_agent
-- Note that an agent is about. Before touch_session: agent, then session, as whoever archives an agent locks them.
UPDATE agents SET last_seen_at = :now WHERE account_id = :account_id AND id = :agent_id;

-- name: touch_session
-- Move the sliding end of a session.
UPDATE sessions SET last_seen_at = :now, expires_at = least(:now + :idle::interval, created_at + :life::interval)
 WHERE account_id = :account_id AND id = :session_id AND revoked_at IS NULL
RETURNING expires_at;

-- name: touch_token
-- Note that a token was used.
UPDATE api_tokens SET last_used_at = :now WHERE account_id = :account_id AND id = :token_id;

-- name: add_session
-- A browser has signed in.
INSERT INTO sessions (account_id, id, agent_id, token_hash, csrf_token, ip, browser, created_at, last_seen_at, expires_at)
VALUES (:account_id, :id, :agent_id, :token_hash, :csrf_token, :ip, :browser, :now, :now, :expires_at);

-- name: agent_sessions
-- Living sessions of an agent, the latest used first.
SELECT id, ip, browser, created_at, last_seen_at, expires_at
  FROM sessions
 WHERE account_id = :account_id AND agent_id = :agent_id AND revoked_at IS NULL AND expires_at > :now
 ORDER BY last_seen_at DESC, id DESC;

-- name: revoke_session
-- End one session of an agent.
UPDATE sessions SET revoked_at = :now
 WHERE account_id = :account_id AND id = :session_id AND agent_id = :agent_id AND revoked_at IS NULL
RETURNING id;

-- name: revoke_sessions
-- End all sessions of an agent, but for the one to keep.
UPDATE sessions SET revoked_at = :now
 WHERE account_id = :account_id AND agent_id = :agent_id AND revoked_at IS NULL
   AND (:keep::uuid IS NULL OR id <> :keep::uuid)
RETURNING id;

-- name: revoke_agent_tokens
-- End all API tokens that act for an agent.
UPDATE api_tokens SET revoked_at = :now
 WHERE account_id = :account_id AND agent_id = :agent_id AND revoked_at IS NULL
RETURNING id;

-- name: credentials
-- What a sign-in is judged by.
SELECT a.id, a.account_id, a.email, a.name, a.password_hash, a.totp_confirmed_at, o.slug, o.name AS account_name
  FROM agents a JOIN accounts o ON o.id = a.account_id
 WHERE a.account_id = :account_id AND a.id = :agent_id AND a.archived_at IS NULL;

-- name: agent_secrets
-- The second factor of an agent, locked so that a code is used once.
SELECT id, email, name, password_hash, totp_secret, totp_confirmed_at, totp_last_step
  FROM agents WHERE account_id = :account_id AND id = :agent_id AND archived_at IS NULL
   FOR UPDATE;

-- name: set_password
-- A new password hash.
UPDATE agents SET password_hash = :password_hash WHERE account_id = :account_id AND id = :agent_id;

-- name: set_totp_secret
-- A secret that is not in use until confirmed.
UPDATE agents SET totp_secret = :secret, totp_confirmed_at = NULL, totp_last_step = NULL
 WHERE account_id = :account_id AND id = :agent_id;

-- name: confirm_totp
-- From now on a sign-in asks for the code.
UPDATE agents SET totp_confirmed_at = :now, totp_last_step = :step WHERE account_id = :account_id AND id = :agent_id;

-- name: use_totp_step
-- Spend a time step: no row when it, or a later one, was spent before.
UPDATE agents SET totp_last_step = :step
 WHERE account_id = :account_id AND id = :agent_id AND (totp_last_step IS NULL OR totp_last_step < :step)
RETURNING id;

-- name: clear_totp
-- No second factor any more.
UPDATE agents SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = NULL
 WHERE account_id = :account_id AND id = :agent_id;

-- name: drop_recovery_codes
-- The old codes end when new ones are made.
DELETE FROM recovery_codes WHERE account_id = :account_id AND agent_id = :agent_id;

-- name: add_recovery_code
-- One code, hashed.
INSERT INTO recovery_codes (account_id, id, agent_id, code_hash) VALUES (:account_id, :id, :agent_id, :code_hash);

-- name: use_recovery_code
-- Spend a code: no row when there is none such or it was spent before.
UPDATE recovery_codes SET used_at = :now
 WHERE account_id = :account_id AND agent_id = :agent_id AND code_hash = :code_hash AND used_at IS NULL
RETURNING id;

-- name: recovery_codes_left
-- How many codes an agent still has.
SELECT count(*) AS n FROM recovery_codes
 WHERE account_id = :account_id AND agent_id = :agent_id AND used_at IS NULL;

-- name: add_link
-- An invitation, a password reset or the second step of a sign-in.
INSERT INTO agent_links (account_id, id, kind, token_hash, email, agent_id, role, team_ids, created_by, created_at, expires_at)
VALUES (:account_id, :id, :kind, :token_hash, :email, :agent_id, :role, :team_ids, :created_by, :now, :expires_at);

-- name: link
-- A link that can still be used.
SELECT l.id, l.kind, l.email, l.agent_id, l.role, l.team_ids, l.created_by, l.expires_at,
       o.name AS account_name, o.slug, o.locale, o.timezone
  FROM agent_links l JOIN accounts o ON o.id = l.account_id
 WHERE l.account_id = :account_id AND l.id = :link_id AND l.used_at IS NULL AND l.expires_at > :now
   AND o.archived_at IS NULL;

-- name: use_link
-- Spend a link: no row when somebody was faster or it has run out.
UPDATE agent_links SET used_at = :now
 WHERE account_id = :account_id AND id = :link_id AND used_at IS NULL AND expires_at > :now
RETURNING id;

-- name: try_link
-- Count a try on a challenge before it is judged; no row when the tries or the time are used up.
UPDATE agent_links SET tries = tries + 1
 WHERE account_id = :account_id AND id = :link_id AND used_at IS NULL AND expires_at > :now AND tries < :most
RETURNING agent_id, tries;

-- name: void_links
-- End the unused links of one kind for an agent or an e-mail.
UPDATE agent_links SET used_at = :now
 WHERE account_id = :account_id AND kind = :kind AND used_at IS NULL
   AND (agent_id = :agent_id::uuid OR (:email::text IS NOT NULL AND email = :email::text));

-- name: invitations
-- Open invitations, the latest first.
SELECT id, email, role, team_ids, created_by, created_at, expires_at
  FROM agent_links
 WHERE account_id = :account_id AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now
 ORDER BY created_at DESC, id DESC;

-- name: withdraw_invitation
-- End an invitation.
UPDATE agent_links SET used_at = :now
 WHERE account_id = :account_id AND id = :link_id AND kind = 'invitation' AND used_at IS NULL
RETURNING id;

-- name: account
-- The organisation.
SELECT id, slug, name, locale, timezone, settings FROM accounts WHERE id = :account_id;

-- name: lock_account
-- Changes of owners wait for each other here.
SELECT id FROM accounts WHERE id = :account_id FOR UPDATE;

-- name: change_account
-- New values of the organisation's settings; null keeps what is there.
UPDATE accounts
   SET name = coalesce(:name, name), locale = coalesce(:locale, locale), timezone = coalesce(:timezone, timezone),
       settings = jsonb_strip_nulls(settings || :settings::jsonb)
 WHERE id = :account_id
RETURNING id, slug, name, locale, timezone, settings;

-- name: other_owners
-- How many owners remain without this agent.
SELECT count(*) AS n FROM agents
 WHERE account_id = :account_id AND role = 'owner' AND archived_at IS NULL AND id <> :agent_id;

-- name: add_agent
-- Somebody joins.
INSERT INTO agents (account_id, id, email, name, role, locale, timezone, availability, password_hash, created_at)
VALUES (:account_id, :id, :email, :name, :role, :locale, :timezone, 'online', :password_hash, :now);

-- name: agent
-- One agent, archived or not.
SELECT a.id, a.email, a.name, a.role, a.locale, a.timezone, a.availability, a.settings,
       a.totp_confirmed_at, a.password_hash IS NOT NULL AS has_password, a.last_seen_at, a.created_at, a.archived_at,
       ARRAY(SELECT m.team_id FROM team_members m
              WHERE m.account_id = a.account_id AND m.agent_id = a.id ORDER BY m.team_id) AS team_ids,
       a.availability = 'online' AND a.archived_at IS NULL
       AND EXISTS (SELECT 1 FROM agent_presence p
                    WHERE p.account_id = a.account_id AND p.agent_id = a.id AND p.until > :now) AS online
  FROM agents a WHERE a.account_id = :account_id AND a.id = :agent_id;

-- name: agents
-- All agents by name, those who have left last.
SELECT a.id, a.email, a.name, a.role, a.locale, a.timezone, a.availability, a.settings,
       a.totp_confirmed_at, a.password_hash IS NOT NULL AS has_password, a.last_seen_at, a.created_at, a.archived_at,
       ARRAY(SELECT m.team_id FROM team_members m
              WHERE m.account_id = a.account_id AND m.agent_id = a.id ORDER BY m.team_id) AS team_ids,
       a.availability = 'online' AND a.archived_at IS NULL
       AND EXISTS (SELECT 1 FROM agent_presence p
                    WHERE p.account_id = a.account_id AND p.agent_id = a.id AND p.until > :now) AS online
  FROM agents a WHERE a.account_id = :account_id
 ORDER BY a.archived_at NULLS FIRST, lower(a.name), a.id;

-- name: agent_by_email
-- Whether an e-mail is taken in this organisation, also by somebody who has left.
SELECT id, archived_at FROM agents WHERE account_id = :account_id AND email = :email;

-- name: lock_agent
-- One agent, locked for a change.
SELECT id, email, name, role, locale, timezone, availability, archived_at
  FROM agents WHERE account_id = :account_id AND id = :agent_id FOR UPDATE;

-- name: change_agent
-- New values of an agent; null keeps what is there.
UPDATE agents
   SET name = coalesce(:name, name), role = coalesce(:role, role), locale = coalesce(:locale, locale),
       timezone = coalesce(:timezone, timezone), availability = coalesce(:availability, availability),
       settings = jsonb_strip_nulls(settings || :settings::jsonb)
 WHERE account_id = :account_id AND id = :agent_id;

-- name: archive_agent
-- Somebody leaves (an instant) or comes back (null).
UPDATE agents SET archived_at = :archived_at, availability = 'away'
 WHERE account_id = :account_id AND id = :agent_id;

-- name: teams
-- All teams in use, by name, with members.
SELECT t.id, t.name, t.timezone, t.closed, t.brand_id, t.created_at,
       ARRAY(SELECT m.agent_id FROM team_members m JOIN agents a ON a.account_id = m.account_id AND a.id = m.agent_id
              WHERE m.account_id = t.account_id AND m.team_id = t.id AND a.archived_at IS NULL
              ORDER BY m.agent_id) AS member_ids
  FROM teams t
 WHERE t.account_id = :account_id AND t.archived_at IS NULL AND (:team_id::uuid IS NULL OR t.id = :team_id::uuid)
 ORDER BY lower(t.name), t.id;

-- name: agent_teams
-- The teams that an agent belongs to.
SELECT t.id, t.name, t.closed
  FROM teams t JOIN team_members m ON m.account_id = t.account_id AND m.team_id = t.id
 WHERE t.account_id = :account_id AND m.agent_id = :agent_id AND t.archived_at IS NULL
 ORDER BY lower(t.name), t.id;

-- name: lock_team
-- A team in use, locked for a change.
SELECT id, name, timezone, closed FROM teams
 WHERE account_id = :account_id AND id = :team_id AND archived_at IS NULL FOR UPDATE;

-- name: team_name_taken
-- Another team in use has this name (case does not matter).
SELECT id FROM teams
 WHERE account_id = :account_id AND lower(name) = lower(:name) AND archived_at IS NULL
   AND (:team_id::uuid IS NULL OR id <> :team_id::uuid);

-- name: known_teams
-- Which of these teams exist and are in use.
SELECT id FROM teams WHERE account_id = :account_id AND id = ANY(:team_ids::uuid[]) AND archived_at IS NULL;

-- name: add_team
-- A new team.
INSERT INTO teams (account_id, id, name, timezone, closed, brand_id, created_at)
VALUES (:account_id, :id, :name, :timezone, :closed, :brand_id, :now);

-- name: change_team
-- New values of a team; null keeps what is there.
UPDATE teams
   SET name = coalesce(:name, name), timezone = coalesce(:timezone, timezone), closed = coalesce(:closed, closed)
 WHERE account_id = :account_id AND id = :team_id;

-- name: archive_team
-- The team is no longer in use; its conversations stay as closed or open as they were.
UPDATE teams SET archived_at = :now WHERE account_id = :account_id AND id = :team_id;

-- name: is_member
-- Whether an agent belongs to a team.
SELECT agent_id FROM team_members WHERE account_id = :account_id AND team_id = :team_id AND agent_id = :agent_id;

-- name: add_member
-- An agent joins a team; no row when already in it.
INSERT INTO team_members (account_id, team_id, agent_id, created_at)
VALUES (:account_id, :team_id, :agent_id, :now)
ON CONFLICT DO NOTHING
RETURNING agent_id;

-- name: remove_member
-- An agent leaves a team; no row when not in it.
DELETE FROM team_members WHERE account_id = :account_id AND team_id = :team_id AND agent_id = :agent_id
RETURNING agent_id;

-- name: add_api_token
-- A token, hashed.
INSERT INTO api_tokens (account_id, id, name, token_hash, prefix, scopes, agent_id, created_at, expires_at)
VALUES (:account_id, :id, :name, :token_hash, :prefix, :scopes, :agent_id, :now, :expires_at);

-- name: api_tokens
-- Living tokens, the latest first.
SELECT id, name, prefix, scopes, agent_id, created_at, last_used_at, expires_at
  FROM api_tokens
 WHERE account_id = :account_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
 ORDER BY created_at DESC, id DESC;

-- name: revoke_api_token
-- End a token.
UPDATE api_tokens SET revoked_at = :now
 WHERE account_id = :account_id AND id = :token_id AND revoked_at IS NULL
RETURNING id, agent_id;

-- name: add_audit
-- One line of the audit log.
INSERT INTO audit_log (account_id, id, at, actor_kind, actor_id, action, object_kind, object_id, ip, details)
VALUES (:account_id, :id, :at, :actor_kind, :actor_id, :action, :object_kind, :object_id, :ip, :details::jsonb);

-- name: audit_page
-- The audit log, the latest first, below a cursor.
SELECT l.id, l.at, l.actor_kind, l.actor_id, l.action, l.object_kind, l.object_id, l.ip, l.details,
       coalesce(a.name, k.name) AS actor_name
  FROM audit_log l
  LEFT JOIN agents a ON l.actor_kind = 'agent' AND a.account_id = l.account_id AND a.id = l.actor_id
  LEFT JOIN api_tokens k ON l.actor_kind = 'token' AND k.account_id = l.account_id AND k.id = l.actor_id
 WHERE l.account_id = :account_id
   AND (:before_at::timestamptz IS NULL OR (l.at, l.id) < (:before_at::timestamptz, :before_id::uuid))
 ORDER BY l.at DESC, l.id DESC
 LIMIT :limit;

-- name: audit_forget
-- End the retention of audit lines older than an instant (a year at least).
SELECT audit_log_forget(:account_id, :before) AS deleted;

-- name: renew_presence
-- Leases of the agents who have a socket in one process.
INSERT INTO agent_presence (account_id, agent_id, process_id, until)
SELECT :account_id, a.id, :process_id, :until
  FROM agents a
 WHERE a.account_id = :account_id AND a.id = ANY(:agent_ids::uuid[]) AND a.archived_at IS NULL
ON CONFLICT (account_id, agent_id, process_id) DO UPDATE SET until = excluded.until;

-- name: end_presence
-- These agents have no socket in this process any more.
DELETE FROM agent_presence
 WHERE account_id = :account_id AND process_id = :process_id AND agent_id = ANY(:agent_ids::uuid[]);

-- name: sweep_presence
-- Delete leases that ran out a minute ago or earlier, of all accounts.
SELECT agent_presence_sweep(:now) AS deleted;

-- name: online_agents
-- Who can answer now: has a lease, is not away, and has a role that answers; of one team or of all.
SELECT a.id, a.name
  FROM agents a
 WHERE a.account_id = :account_id AND a.availability = 'online' AND a.archived_at IS NULL
   AND a.role = ANY(:roles::text[])
   AND EXISTS (SELECT 1 FROM agent_presence p
                WHERE p.account_id = a.account_id AND p.agent_id = a.id AND p.until > :now)
   AND (:team_id::uuid IS NULL
        OR EXISTS (SELECT 1 FROM team_members m
                    WHERE m.account_id = a.account_id AND m.agent_id = a.id AND m.team_id = :team_id::uuid))
 ORDER BY lower(a.name), a.id
 LIMIT :limit;

-- name: add_account
-- A new organisation; its id must be the account of the transaction.
INSERT INTO accounts (id, slug, name, locale, timezone, created_at)
VALUES (:account_id, :slug, :name, :locale, :timezone, :now);

-- name: add_brand
-- A name under which the organisation meets its customers.
INSERT INTO brands (account_id, id, name, locale, created_at) VALUES (:account_id, :id, :name, :locale, :now);

-- name: add_default_calendar
-- The calendar that everything without one of its own follows. The table is of the hours room, which stands above this
-- one; an organisation without opening hours would have no reply times from its first minute on.
INSERT INTO calendars (account_id, id, brand_id, name, timezone, country, weekly, is_default, created_at)
VALUES (:account_id, :id, NULL, :name, :timezone, :country, :weekly::jsonb, true, :now);
