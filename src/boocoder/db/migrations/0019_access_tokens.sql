-- Tokens besides the one in the data directory: named, limited in what they may do, and revocable.

CREATE TYPE token_scope AS ENUM ('full', 'read', 'start', 'answer');

CREATE TABLE access_tokens (
    id uuid PRIMARY KEY,
    host_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    scope token_scope NOT NULL,
    project_id uuid REFERENCES projects (id) ON DELETE CASCADE,  -- null: all projects
    token_hash text NOT NULL UNIQUE CHECK (token_hash ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    ends_at timestamptz,  -- null: never
    UNIQUE (host_id, name)
);
