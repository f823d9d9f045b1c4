"""The commits that a change becomes: their messages, and those that an agent made itself."""
