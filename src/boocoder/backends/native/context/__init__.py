"""The context of a model call: the parts of the conversation and of the project that it contains."""
