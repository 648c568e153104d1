"""The realtime room."""
