"""The hours room."""
