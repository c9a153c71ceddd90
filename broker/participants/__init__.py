"""Applications, their versions, and what versions are called: branches, tags, labels."""
