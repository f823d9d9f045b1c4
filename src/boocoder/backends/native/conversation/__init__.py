"""The native agent's conversations on disk."""
