-- name: all_calendars
-- Every calendar in use, the default first.
SELECT id, brand_id, name, timezone, country, weekly, exceptions, is_default
FROM calendars
WHERE account_id = :account_id AND archived_at IS NULL
ORDER BY is_default DESC, name, id;

-- name: calendar_for
-- The calendar asked for, else the organisation's default.
SELECT id, brand_id, name, timezone, country, weekly, exceptions, is_default
FROM calendars
WHERE account_id = :account_id AND archived_at IS NULL AND (id = :calendar_id OR is_default)
ORDER BY (id = :calendar_id) DESC NULLS LAST
LIMIT 1;

-- name: lock_calendar
-- One calendar, held until the transaction ends.
SELECT id, brand_id, name, timezone, country, weekly, exceptions, is_default
FROM calendars
WHERE account_id = :account_id AND id = :id AND archived_at IS NULL
FOR UPDATE;

-- name: update_calendar
UPDATE calendars
SET name = :name, timezone = :timezone, country = :country, weekly = :weekly, exceptions = :exceptions
WHERE account_id = :account_id AND id = :id;
