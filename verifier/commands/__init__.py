"""The commands that run a build and ask the broker about it: options in, exit codes out; the work is elsewhere."""
