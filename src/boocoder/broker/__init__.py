"""Frames to whoever listens: publish, subscribe, replay."""
