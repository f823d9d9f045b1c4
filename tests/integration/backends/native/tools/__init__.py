"""The native agent's tools and its helper."""
