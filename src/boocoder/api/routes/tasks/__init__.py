"""Routes of tasks, attachments and permission requests."""
