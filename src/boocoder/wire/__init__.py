"""Answers of the HTTP API, declared once for the service and its clients; imports nothing but `model`."""
