"""What agents said (AgentEvent), how it adds up (transcript), and what clients receive (frames). Pure."""
