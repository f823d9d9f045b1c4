"""Domain words as types: ids, tasks, turns, sessions, changes, agents. No I/O, no imports from other packages."""
