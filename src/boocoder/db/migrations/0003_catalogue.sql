-- What a probe learned of an agent besides its models and modes.

ALTER TABLE available_agents
    ADD COLUMN title           text NOT NULL DEFAULT '',     -- as a person reads it
    ADD COLUMN transport       text NOT NULL DEFAULT '',     -- how it is driven here: server, acp, stream, oneshot, builtin
    ADD COLUMN tried           boolean NOT NULL DEFAULT false, -- whether it was started and asked, or only found
    ADD COLUMN thinking        jsonb NOT NULL DEFAULT '[]',  -- ids of thinking options
    ADD COLUMN commands        jsonb NOT NULL DEFAULT '[]',  -- [{name, description}]: slash commands
    ADD COLUMN default_mode    text,
    ADD COLUMN signed_in       boolean,                      -- null: the agent does not say
    ADD COLUMN install         text NOT NULL DEFAULT '',     -- command that installs it
    ADD COLUMN login           text NOT NULL DEFAULT '';     -- command that signs in
