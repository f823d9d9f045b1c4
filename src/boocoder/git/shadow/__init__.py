"""The shadow repository: objects, snapshots and private indexes."""
