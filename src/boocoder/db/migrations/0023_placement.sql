-- Which host can run what, and which machine a host id belongs to.

ALTER TABLE hosts
    ADD COLUMN identity    text NOT NULL DEFAULT '',  -- of the machine since it was started, and of the data directory
    ADD COLUMN drained_at  timestamptz,               -- a person wants it to take no new session
    ADD COLUMN removed_at  timestamptz;               -- a person does not expect it back; until its next start

-- The commits without parents that the checked-out history of a project begins with. A repository that has none of them
-- is another one, whatever its path.
ALTER TABLE projects ADD COLUMN roots text[] NOT NULL DEFAULT '{}';

-- The host whose repository a session's start was looked up in: it runs the session while it can.
ALTER TABLE sessions ADD COLUMN start_host_id uuid REFERENCES hosts (id);

-- What each host found at a project's path.
CREATE TABLE host_projects (
    host_id     uuid NOT NULL REFERENCES hosts (id),
    project_id  uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    state       text NOT NULL CHECK (state IN ('ready', 'missing', 'other_repository')),
    checked_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host_id, project_id)
);
CREATE INDEX host_projects_ready ON host_projects (project_id, host_id) WHERE state = 'ready';

-- A project that was added, came back or moved has to be looked for on every host.
CREATE FUNCTION notify_project_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.path <> OLD.path THEN
        DELETE FROM host_projects WHERE project_id = NEW.id;
    END IF;
    PERFORM pg_notify('boocoder_projects', NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER projects_notify AFTER INSERT OR UPDATE OF path, archived_at, roots ON projects
    FOR EACH ROW EXECUTE FUNCTION notify_project_changed();
