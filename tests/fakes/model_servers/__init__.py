"""Stand-ins for model servers: what they say of themselves is recorded, or taken from their documentation."""
