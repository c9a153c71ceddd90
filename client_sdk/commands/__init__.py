"""The command line of consumers and of every caller of the broker. `shared` has what all commands have."""
