"""A fake agent that speaks ACP and can break in many ways."""
