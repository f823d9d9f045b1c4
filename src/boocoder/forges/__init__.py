"""What forges say of published branches, and the rounds in which sessions answer it."""
