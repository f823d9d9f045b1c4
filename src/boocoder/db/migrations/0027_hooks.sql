-- Hooks: addresses at which other programs start tasks out of a template.

ALTER TYPE task_origin ADD VALUE 'hook';

CREATE TABLE hooks (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    project_id  uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    prompt      text NOT NULL CHECK (prompt <> ''),
    title       text,
    agent       text,
    model       text,
    mode        text,
    conditions  jsonb NOT NULL DEFAULT '{}',  -- what fields of a delivery must say
    per_hour    integer NOT NULL CHECK (per_hour > 0),
    secret      text NOT NULL CHECK (secret ~ '^whsec_'),
    enabled     boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- The tasks of hooks are counted by hour.
CREATE INDEX tasks_by_origin_name ON tasks (origin_name, created_at) WHERE origin_name <> '';
