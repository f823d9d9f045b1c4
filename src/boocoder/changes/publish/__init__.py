"""Publishing a change: branch, push, pull request."""
