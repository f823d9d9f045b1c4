"""A scripted language model on loopback, so that real agents run with no account and no key."""
