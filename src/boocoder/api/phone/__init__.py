"""A second place to listen at, for devices in the local network: TLS with a certificate of its own, and pairing."""
