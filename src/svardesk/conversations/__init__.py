"""The conversations room."""
