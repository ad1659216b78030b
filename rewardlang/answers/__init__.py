"""Answers of mathematics: what they are (`values`), reading them (`parse`), comparing them (`compare`)."""
