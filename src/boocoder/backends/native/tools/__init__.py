"""The tools that the native agent runs."""
