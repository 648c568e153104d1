"""Conversations: one thread with one person in one channel; messages, notes, drafts, assignment, tags, views and search.

A message comes in by calling down (`receive`); an answer goes up as an event. The channel's name is never known here.
"""
