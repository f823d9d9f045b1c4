"""The command line: a client of the API, and the command that starts the service."""
