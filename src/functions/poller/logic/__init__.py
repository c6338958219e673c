"""Pure decisions: no network, no AWS, no environment, no clock, no randomness. What they need is passed in."""
