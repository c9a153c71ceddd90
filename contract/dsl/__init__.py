"""The forms in which a contract is written by hand: JSON with embedded matchers, and rule expressions."""
