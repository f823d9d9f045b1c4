"""The one process host: child processes with an orderly death."""
