"""One turn: prepare, drive, record, finish."""
