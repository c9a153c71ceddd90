"""Pages for people: rendered on the server, no script, one small style sheet. They have no question of their own."""
