"""Benchmarks: each a command that prints our figures with the limits beside them (``make bench``)."""
