"""Git LFS without git-lfs: pointers in trees, contents in a store of the project. No network."""
