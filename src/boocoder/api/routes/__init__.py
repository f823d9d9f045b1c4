"""The routes, one resource a module; each declares who may call it."""
