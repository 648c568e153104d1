"""Form: the contact form on a page of its own, in a frame, or behind a shop's own form; works without JavaScript."""
