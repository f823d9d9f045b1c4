"""Tasks that other programs start by a signed request: templates, signatures, and the bound on their number."""
