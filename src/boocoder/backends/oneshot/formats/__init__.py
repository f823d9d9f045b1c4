"""How the output of each agent reads: a line in, agent events out. Pure."""
