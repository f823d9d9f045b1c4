"""A model server as a provider in opencode's configuration, with the limits and abilities of its models."""

from __future__ import annotations

from boocoder.backends.opencode.settings import ModelProvider
from boocoder.model.agent import ModelDetails
from boocoder.model_servers.server import ModelOptions

Json = dict[str, object]
_NO_KEY = "none"  # the bundled SDK insists on a key; servers without keys ignore it
ANSWER_MAX_TOKENS = 16_384  # of one answer; opencode itself would ask for 32,000
ANSWER_SHARE = 4  # an answer gets at most one part in so many of the context; opencode compacts where the rest is full


def provider_content(provider: ModelProvider) -> Json:
    """The provider's part of the configuration."""
    options: Json = {"baseURL": provider.base_url}
    if not provider.api_key:
        options["apiKey"] = _NO_KEY
    details = {one.id: one for one in provider.details}
    models = {
        name: model_content(details.get(name, ModelDetails(name, name)), provider.options.get(name, ModelOptions()))
        for name in provider.offered
    }
    return {"name": provider.id, "npm": "@ai-sdk/openai-compatible", "options": options, "models": models}


def model_content(details: ModelDetails, options: ModelOptions) -> Json:
    """One model: what is not known is left out, and opencode assumes its own."""
    content: Json = {"name": details.label}
    if details.context_tokens:
        wanted = options.output_tokens or ANSWER_MAX_TOKENS
        content["limit"] = {
            "context": details.context_tokens,
            "output": max(1, min(wanted, details.context_tokens // ANSWER_SHARE)),
        }
    if details.tools is not None:
        content["tool_call"] = details.tools
    if details.images:
        content["attachment"] = True
        content["modalities"] = {"input": ["text", "image"], "output": ["text"]}
    if fields := options.request_fields():
        content["options"] = fields
    return content
