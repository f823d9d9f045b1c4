"""Terminal output: tables, diffs, live turns, and text made safe to print."""
