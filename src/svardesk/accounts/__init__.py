"""Accounts: the organisation (tenant), its agents, teams and roles, sign-in and sessions, API tokens, wordings, the audit log.

Everything above asks this room one thing: who is calling, and what may they do (`Caller`).
"""
