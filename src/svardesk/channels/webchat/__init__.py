"""The webchat room."""
