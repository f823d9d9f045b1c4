"""The page in a real browser against the real program: what a person sees and does, found by roles and names."""
