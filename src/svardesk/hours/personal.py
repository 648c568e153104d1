"""The hours room holds nothing about persons."""

NO_PERSONAL = {"calendars": "opening hours"}
