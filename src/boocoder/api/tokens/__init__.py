"""Credentials with limits: tokens with a scope, and the guard that holds every route to them."""
