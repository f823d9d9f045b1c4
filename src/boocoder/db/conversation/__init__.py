"""Rows of sessions, chats, messages and events."""
