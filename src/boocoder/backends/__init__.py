"""Drivers for ways of talking to agents. Pure: no SQL, no git, no broker, no web server."""
