"""Pool, statements, migrations, notifications."""
