"""The spine carries ids only."""

NO_PERSONAL = {
    "event_outbox": "ids, numbers and short words",
    "events": "ids, numbers and short words",
    "reaction_cursors": "positions",
    "set_aside_events": "ids, and the class and place of an error without its message",
    "spine_epochs": "positions",
    "spine_state": "positions",
    "workers": "processes",
}
