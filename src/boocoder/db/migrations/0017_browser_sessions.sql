-- Browsers that are signed in at a host, so that each can be signed out alone.

CREATE TABLE browser_sessions (
    id uuid PRIMARY KEY,
    host_id uuid NOT NULL,
    cookie_hash text NOT NULL UNIQUE CHECK (cookie_hash ~ '^[0-9a-f]{64}$'),
    user_agent text NOT NULL,
    peer text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL
);

CREATE INDEX browser_sessions_of_host ON browser_sessions (host_id);
