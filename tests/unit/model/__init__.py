"""Tests of the domain words."""
