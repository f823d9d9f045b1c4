-- Whether agents' commits run the git hooks of the person's repository.

ALTER TABLE project_settings ADD COLUMN git_hooks boolean NOT NULL DEFAULT false;
