"""Turns of an agent process that stays open between turns."""
