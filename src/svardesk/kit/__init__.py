"""The kit: what every room stands on and no domain word lives in: database, ids, time, errors, texts, keys, PostgreSQL."""
