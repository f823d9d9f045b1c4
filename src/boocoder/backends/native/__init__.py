"""The native agent: a small tool-using loop over any OpenAI-compatible model server, in this process."""
