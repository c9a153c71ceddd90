"""The cost of change: who uses what of a provider, what an edit would break, when the old shape can go."""
