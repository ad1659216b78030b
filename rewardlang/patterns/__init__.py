"""Patterns of a file, compiled to run in linear time."""
