"""Webhooks: which URLs are told of events, and telling them."""
