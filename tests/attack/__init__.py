"""Attacks by an agent, or by a repository, on what only a person may decide; docs/security.md lists them."""
