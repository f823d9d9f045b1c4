"""PostgreSQL: the embedded server, the pool, migrations, and one typed function a statement."""
