"""The routes, one module per resource; each declares its access."""
