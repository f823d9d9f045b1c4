-- Whether secrets are replaced in what agents of a project say.

ALTER TABLE project_settings ADD COLUMN redact boolean NOT NULL DEFAULT true;
