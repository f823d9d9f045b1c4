"""The native agent against a real llama-server; run by `make local-model-test` alone."""
