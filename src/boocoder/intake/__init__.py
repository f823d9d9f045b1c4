"""What people send in: tasks, attachments, answers; and the listener for what was queued."""
