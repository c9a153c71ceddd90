"""The example provider: a small order service."""
