-- Which of the user's own rules for commits hold for the commits that boocoder makes of changes.

ALTER TABLE project_settings
    ADD COLUMN sign_commits boolean,  -- null: as the service's setting says
    ADD COLUMN commit_hooks boolean NOT NULL DEFAULT false;
