"""Agents that run as one command per turn, or as one process that reads prompts as lines of JSON."""
