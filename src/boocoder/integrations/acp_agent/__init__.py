"""`boocoder acp`: an agent of the Agent Client Protocol; sessions of the service in an editor."""
