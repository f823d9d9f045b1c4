"""Writing the files of a checkout: safely, in order, all or nothing."""
