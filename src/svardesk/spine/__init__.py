"""The spine room."""
