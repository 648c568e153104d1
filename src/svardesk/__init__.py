"""Svardesk: the desk at which every customer gets a real answer."""

__version__ = "0.1.0"

BUILD = __version__
"""What the socket's hello and /healthz tell about this build; old tabs and workers outlive a deploy."""
