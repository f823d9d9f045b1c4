"""Commands that set up projects and agents."""
