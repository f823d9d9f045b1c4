"""The process host: starts, supervises and ends child processes."""
