"""Real agents, installed from their registries, behind the running service on the scripted model."""

import pytest

pytest.register_assert_rewrite("tests.agents.scenes", "tests.agents.real")
