"""Security middleware: ASGI layers in front of the first route."""
