"""Other protocols that boocoder speaks; each is a client of the HTTP API and can do what its token can."""
