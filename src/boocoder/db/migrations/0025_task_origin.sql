-- Who started a task. One that an agent started, with the token of its session, belongs to the task whose turn ran then
-- (its parent), and to the task of a person that all of them go back to (its root).

CREATE TYPE task_origin AS ENUM ('person', 'token', 'agent');

ALTER TABLE tasks
    ADD COLUMN origin task_origin NOT NULL DEFAULT 'person',
    ADD COLUMN origin_name text NOT NULL DEFAULT '',  -- of the token or the agent
    ADD COLUMN parent_task_id uuid REFERENCES tasks (id),
    ADD COLUMN root_task_id uuid REFERENCES tasks (id),
    ADD COLUMN depth integer NOT NULL DEFAULT 0,  -- how many tasks are above it
    ADD CONSTRAINT tasks_agent_has_parent CHECK ((origin = 'agent') = (parent_task_id IS NOT NULL)),
    ADD CONSTRAINT tasks_parent_has_root CHECK ((parent_task_id IS NULL) = (root_task_id IS NULL)),
    ADD CONSTRAINT tasks_depth_is_parents CHECK ((depth > 0) = (parent_task_id IS NOT NULL) AND depth >= 0);

CREATE INDEX tasks_by_root ON tasks (root_task_id) WHERE root_task_id IS NOT NULL;
CREATE INDEX tasks_by_parent ON tasks (parent_task_id) WHERE parent_task_id IS NOT NULL;
