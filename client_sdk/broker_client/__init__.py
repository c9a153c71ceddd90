"""The broker's clients, `BrokerClient` and `AsyncBrokerClient`: start with `client`, then `operations`."""
