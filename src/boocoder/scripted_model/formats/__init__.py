"""Wire formats of model servers."""
