-- Row-level security on every tenant table, grants for both roles. Runs after the tables and functions exist; safe to
-- run again after every migration that adds a table.
DO $$
DECLARE
    found record;
    current_account constant text := 'nullif(current_setting(''svardesk.account'', true), '''')::uuid';
    spine constant text[] := ARRAY['event_outbox', 'events', 'set_aside_events'];
BEGIN
    FOR found IN
        SELECT c.relname AS name
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL (spine)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', found.name);
        EXECUTE format('DROP POLICY IF EXISTS tenant ON %I', found.name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (account_id = %s) WITH CHECK (account_id = %s)',
            found.name, current_account, current_account);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO svardesk_app', found.name);
    END LOOP;

    ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS tenant ON accounts;
    EXECUTE format('CREATE POLICY tenant ON accounts USING (id = %s) WITH CHECK (id = %s)', current_account, current_account);
    GRANT SELECT, INSERT, UPDATE ON accounts TO svardesk_app;

    -- The app role announces events of its own account and sees none.
    ALTER TABLE event_outbox ENABLE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS tenant ON event_outbox;
    DROP POLICY IF EXISTS spine ON event_outbox;
    EXECUTE format('CREATE POLICY tenant ON event_outbox FOR INSERT TO svardesk_app WITH CHECK (account_id = %s)', current_account);
    CREATE POLICY spine ON event_outbox TO svardesk_system USING (true) WITH CHECK (true);
    GRANT INSERT ON event_outbox TO svardesk_app;

    GRANT SELECT, INSERT, UPDATE, DELETE ON event_outbox, events, spine_state, spine_epochs, reaction_cursors,
        set_aside_events, workers TO svardesk_system;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO svardesk_app, svardesk_system;
    REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM svardesk_app;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
END
$$;
