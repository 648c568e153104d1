"""Fjordnett: a made-up Norwegian broadband and electronics shop with the chat in it. Served on the demo only."""

FORM_KEY = "fjordnett-kontakt"
"""Public key of the demo organisation's contact form: what the page of the customer service shows in a frame."""
WIDGET_KEY = "fjordnett-demo"
"""Public key of the demo organisation's widget: what the shop's pages name in their one line."""
