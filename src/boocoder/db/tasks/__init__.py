"""Rows of tasks, attempts, hosts, attachments and permissions."""
