"""Model servers with an OpenAI-compatible API: how they are set, what they say of themselves, what their models can."""
