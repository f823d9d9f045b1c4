"""Building blocks for talking to other programs: server-sent events, retry delays, outside text."""
