-- Positions after commit: an outbox that one sequencer moves into the log (docs/decisions/0003).

-- A partition of the log holds this many positions; the next one is made while the current one fills.
CREATE OR REPLACE FUNCTION spine_partition_size() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 5000000::bigint';

CREATE OR REPLACE FUNCTION spine_ensure_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    size constant bigint := spine_partition_size();
    present bigint := (SELECT last_position FROM spine_state) / size;
    made integer := 0;
    number bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(811200);
    FOR number IN present .. present + 1 LOOP
        IF to_regclass(format('public.events_p%s', number)) IS NULL THEN
            EXECUTE format('CREATE TABLE public.events_p%s PARTITION OF public.events FOR VALUES FROM (%s) TO (%s)',
                number, number * size, (number + 1) * size);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END
$$;

-- Drops whole partitions that every lane has passed and whose newest event is older than the given instant.
CREATE OR REPLACE FUNCTION spine_drop_old(older_than timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    size constant bigint := spine_partition_size();
    passed bigint := (SELECT coalesce(min(position), 0) FROM reaction_cursors);
    dropped integer := 0;
    part record;
    newest timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(811200);
    FOR part IN
        SELECT c.relname AS name, substr(c.relname, 9)::bigint AS number
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.events'::regclass
        ORDER BY 2
    LOOP
        EXIT WHEN (part.number + 1) * size > passed;
        EXECUTE format('SELECT max(recorded_at) FROM public.%I', part.name) INTO newest;
        EXIT WHEN newest >= older_than;
        EXECUTE format('DROP TABLE public.%I', part.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- A new epoch: what was numbered before a crash, a restore or a failover may be numbered again, so every token of the
-- old epoch beyond this point is worthless. Committed synchronously by whoever takes over.
CREATE OR REPLACE FUNCTION spine_new_epoch() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    fresh constant uuid := gen_random_uuid();
    at bigint;
BEGIN
    UPDATE spine_state SET epoch = fresh RETURNING last_position INTO at;
    INSERT INTO spine_epochs (epoch, first_position) VALUES (fresh, at + 1);
    RETURN fresh;
END
$$;

-- Moves up to `batch` committed events from the outbox into the log, in the order of their outbox ids, and gives them
-- dense positions. Within a stream that order is right, because whoever records holds the stream's row lock.
-- Notifies in the same (small, asynchronous) transaction: never in a business transaction.
CREATE OR REPLACE FUNCTION spine_sequence(batch integer, OUT moved integer, OUT reached bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    start bigint;
    current_epoch uuid;
BEGIN
    moved := 0;
    SELECT last_position, epoch INTO start, current_epoch FROM spine_state FOR UPDATE;
    WITH picked AS (
        DELETE FROM event_outbox
        WHERE id IN (SELECT id FROM event_outbox ORDER BY id LIMIT batch)
        RETURNING *
    )
    INSERT INTO events (position, account_id, stream, lane, type, version, payload, recorded_at)
    SELECT start + row_number() OVER (ORDER BY id), account_id, stream,
        get_byte(uuid_send(stream), 15) % 16, type, version, payload, recorded_at
    FROM picked;
    GET DIAGNOSTICS moved = ROW_COUNT;
    reached := start + moved;
    IF moved > 0 THEN
        UPDATE spine_state SET last_position = reached;
        PERFORM pg_notify('svardesk_log', current_epoch::text || ':' || reached::text);
    END IF;
END
$$;

INSERT INTO spine_state (single, last_position, epoch) VALUES (1, 0, gen_random_uuid()) ON CONFLICT DO NOTHING;
INSERT INTO spine_epochs (epoch, first_position) SELECT epoch, 1 FROM spine_state ON CONFLICT DO NOTHING;
INSERT INTO reaction_cursors (lane) SELECT generate_series(0, 15) ON CONFLICT DO NOTHING;
SELECT spine_ensure_partitions();
REVOKE ALL ON FUNCTION spine_ensure_partitions(), spine_drop_old(timestamptz), spine_new_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spine_ensure_partitions(), spine_drop_old(timestamptz), spine_new_epoch() TO svardesk_system;
