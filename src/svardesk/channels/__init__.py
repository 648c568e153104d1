"""Channels: what comes in is stored raw, then parsed; what goes out is a delivery with states, leased and fenced.

One folder per channel holds its adapter (`contract.py` says what an adapter is); adapters are strangers to each other,
and no room below knows a channel by its name.
"""
