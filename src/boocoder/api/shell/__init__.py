"""The security shell: pure ASGI layers that stand before the first route (decision 13)."""
