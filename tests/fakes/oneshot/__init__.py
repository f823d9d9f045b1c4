"""A fake agent that is a command, for the tests of the one-shot backend."""
