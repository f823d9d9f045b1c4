"""Frames of sessions: store, publish, subscribe, replay."""
