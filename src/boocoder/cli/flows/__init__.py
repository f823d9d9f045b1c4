"""Dialogues that span several requests: run a task, answer an agent, review and decide a change."""
