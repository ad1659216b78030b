"""Marks in words, for the terminal and for a page."""
