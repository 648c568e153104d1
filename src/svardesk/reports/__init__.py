"""Reports: read-only numbers. Each is SQL that can be pasted into psql; nothing here writes."""
