"""The words for a native agent without a model server; the agent itself need not be loaded to say them."""

NO_SERVER = "No model server is configured."
SET_SERVER = (
    "Start your model server (llama-swap, llama-server, vLLM, Ollama) and set models.base_url to its address; "
    "`boocoder doctor` finds one that runs on its usual port."
)
