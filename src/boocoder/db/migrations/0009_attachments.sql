-- Files that a person sends with a task. Their bytes are on the disk of the host that took them, at `path`.

CREATE TABLE attachments (
    id           uuid PRIMARY KEY,
    task_id      uuid REFERENCES tasks (id),       -- null until it is sent
    place        smallint,                         -- among those of its task
    name         text NOT NULL,
    media_type   text NOT NULL,                    -- what the bytes look like, not what the sender said
    size_bytes   bigint NOT NULL,
    path         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((task_id IS NULL) = (place IS NULL))
);
CREATE INDEX attachments_by_task ON attachments (task_id, place) WHERE task_id IS NOT NULL;
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE task_id IS NULL;
