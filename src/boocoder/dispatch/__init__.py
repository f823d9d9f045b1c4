"""A claimed task becomes a turn: prepare, drive, record, finish."""
