"""Which agents can work here, and with which models."""
