"""Commands that review, apply and publish changes."""
