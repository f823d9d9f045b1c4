"""Settings: defaults < TOML file < BOOCODER_* environment < flags. The only reader of the environment."""
