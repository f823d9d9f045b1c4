"""Agents that are a command a turn, or one that reads prompts as lines of JSON."""
