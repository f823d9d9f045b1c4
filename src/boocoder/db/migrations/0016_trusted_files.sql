-- Files of a project that make agents run something, each with a content that a person has trusted.

CREATE TABLE trusted_files (
    project_id uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    path text NOT NULL CHECK (path <> ''),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    trusted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, path, sha256)
);
