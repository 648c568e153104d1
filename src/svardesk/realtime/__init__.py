"""Realtime: a snapshot, then frames over a WebSocket; hydrated once per audience, filtered by each socket's permission."""
