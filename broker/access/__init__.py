"""Who may call the broker."""
