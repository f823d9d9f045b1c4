"""Calls to the model server and parsing of its streamed answers."""
