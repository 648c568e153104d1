"""What the demo organisation Fjordnett is made of: its people, its tags and what customers wrote, as readable texts."""
