"""Real agents, installed from their registries, behind the running service on the scripted model."""
