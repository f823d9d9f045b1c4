-- A change that was applied to the checkout or as a commit can also be put on a branch. An apply to the checkout can be
-- undone: while `reverts` is set, the journal's entry describes how the checkout is written back.
ALTER TABLE change_applies
    ADD COLUMN branch_ref     text,
    ADD COLUMN branch_commit  text,
    ADD COLUMN branch_at      timestamptz,
    ADD COLUMN reverts        boolean NOT NULL DEFAULT false,
    ADD CHECK ((branch_ref IS NULL) = (branch_commit IS NULL)),
    ADD CHECK ((branch_ref IS NULL) = (branch_at IS NULL));
