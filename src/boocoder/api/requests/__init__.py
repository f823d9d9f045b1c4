"""Request bodies and parameters: strict schemas that name an invalid or unknown value."""
