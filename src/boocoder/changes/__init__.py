"""What an agent changed: snapshot, diff, pending change, apply."""
