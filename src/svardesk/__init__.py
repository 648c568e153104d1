"""Svardesk: the desk at which every customer gets a real answer."""
