-- Bytes of a person's files, so that each host of the database can give them to an agent. Files from before this
-- migration are only on the disk of the host that took them.

CREATE TABLE attachment_contents (
    attachment_id uuid PRIMARY KEY REFERENCES attachments (id) ON DELETE CASCADE,
    content       bytea NOT NULL
);
ALTER TABLE attachment_contents ALTER COLUMN content SET STORAGE EXTERNAL; -- most are images, compressed already
