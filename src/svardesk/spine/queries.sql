-- name: head
-- Where does the log end?
SELECT epoch, last_position FROM spine_state;

-- name: epochs
-- Which epochs were there, and where did each begin?
SELECT epoch, first_position FROM spine_epochs ORDER BY first_position, started_at;

-- name: after
-- What happened after a position?
SELECT position, account_id, stream, lane, type, version, payload, recorded_at
FROM events
WHERE position > :position AND position <= :up_to
ORDER BY position
LIMIT :limit;

-- name: follow
-- Where does the log end, and what happened after a position? One row without an event when nothing did.
SELECT s.epoch, s.last_position, e.position, e.account_id, e.stream, e.lane, e.type, e.version, e.payload::text AS payload,
    e.recorded_at
FROM spine_state s
LEFT JOIN LATERAL (
    SELECT position, account_id, stream, lane, type, version, payload, recorded_at
    FROM events
    WHERE position > :position AND position <= s.last_position
    ORDER BY position
    LIMIT :limit
) e ON true;

-- name: of_account
-- What happened in one account between two positions? (A returning browser; the range is bounded by the window.)
SELECT position, account_id, stream, lane, type, version, payload, recorded_at
FROM events
WHERE position > :position AND position <= :up_to AND account_id = :account_id
ORDER BY position
LIMIT :limit;

-- name: sequence
-- Give positions to what was committed.
SELECT moved, reached FROM spine_sequence(:batch);

-- name: cursors
-- How far has the relay come, lane by lane?
SELECT lane, position FROM reaction_cursors WHERE lane = ANY(:lanes) ORDER BY lane;

-- name: move_cursors
-- Move the lanes of a finished batch, each only if nobody else moved it (the fence of the relay).
UPDATE reaction_cursors c SET position = :position, moved_at = clock_timestamp()
FROM unnest(:lanes::smallint[], :olds::bigint[]) AS held (lane, old)
WHERE c.lane = held.lane AND c.position = held.old;

-- name: relays
-- How many relays are connected to this database now?
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND l.classid = :space AND l.objid = :present AND l.objsubid = 2 AND l.granted;

-- name: lag
-- How far is the slowest lane behind the log, and how long has the oldest event been waiting in the outbox?
SELECT (SELECT last_position FROM spine_state) - (SELECT min(position) FROM reaction_cursors) AS relay,
    coalesce(extract(epoch FROM clock_timestamp() - (SELECT recorded_at FROM event_outbox ORDER BY id LIMIT 1)), 0)::float
        AS outbox_seconds;

-- name: set_aside
-- Put a failing reaction out of the way, once per event and reaction.
INSERT INTO set_aside_events (id, position, account_id, stream, reaction, type, version, payload, error, retry_at)
VALUES (:id, :position, :account_id, :stream, :reaction, :type, :version, :payload, :error, :retry_at)
ON CONFLICT (position, reaction) DO UPDATE
SET attempts = set_aside_events.attempts + 1, error = excluded.error, set_aside_at = clock_timestamp();

-- name: due_set_aside
-- Which set-aside events should be tried again now?
SELECT id, position, account_id, stream, reaction, type, version, payload, attempts, set_aside_at
FROM set_aside_events
WHERE solved_at IS NULL AND retry_at <= :now AND reaction = ANY(:known)
ORDER BY position
LIMIT 20
FOR UPDATE SKIP LOCKED;

-- name: solve_set_aside
-- A second try worked.
UPDATE set_aside_events SET solved_at = :now WHERE id = :id;

-- name: postpone_set_aside
-- A second try failed too.
UPDATE set_aside_events SET attempts = attempts + 1, error = :error, retry_at = :retry_at WHERE id = :id;

-- name: replay_set_aside
-- An operator asks for another try of what is still open.
UPDATE set_aside_events SET retry_at = :now WHERE solved_at IS NULL AND (:id::uuid IS NULL OR id = :id);

-- name: open_set_aside
-- What lies aside?
SELECT id, position, account_id, reaction, type, attempts, error, set_aside_at, retry_at
FROM set_aside_events WHERE solved_at IS NULL ORDER BY set_aside_at LIMIT 500;

-- name: beat
-- I am alive.
INSERT INTO workers (id, kind, build, started_at, seen_at) VALUES (:id, :kind, :build, :now, :now)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at;

-- name: forget
-- Processes that have been silent for long, and those that said good-bye.
DELETE FROM workers WHERE id = :id OR seen_at < :now - interval '10 minutes';

-- name: alive
-- Who has been heard of lately? (A beat of the future is from before the clock was put back, and says nothing.)
SELECT id, kind, build, seen_at FROM workers
WHERE seen_at > :now - interval '15 seconds' AND seen_at < :now + interval '15 seconds'
ORDER BY started_at;
