"""Which files of a project make agents run something, and whether a person has trusted them."""
