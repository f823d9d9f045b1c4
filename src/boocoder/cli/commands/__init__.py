"""The commands, grouped as `boocoder --help` lists them; one module a command."""
