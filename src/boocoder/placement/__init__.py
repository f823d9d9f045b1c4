"""Which host can run what: looks at this host's projects, and explains why a task waits for a host."""
