"""Commands that give agents work and follow it."""
