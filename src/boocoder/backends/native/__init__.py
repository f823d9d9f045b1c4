"""The native agent: a small tool-calling loop over any OpenAI-compatible model server, in this process."""
