"""Events of agents (AgentEvent), the transcript folded from them, and frames for clients. No I/O."""
