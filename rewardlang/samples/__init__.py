"""Rows of completions, read one at a time from files and pipes."""
