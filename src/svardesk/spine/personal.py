"""The spine carries ids only."""

NO_PERSONAL = {
    "event_outbox": "ids, numbers and short words",
    "events": "ids, numbers and short words",
    "reaction_cursors": "positions",
    "set_aside_events": "ids, and the class and first line of an error without values",
    "spine_epochs": "positions",
    "spine_state": "positions",
    "workers": "processes",
}
