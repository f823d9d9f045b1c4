"""The one git gateway: nothing else runs git."""
