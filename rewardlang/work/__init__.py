"""Worker processes: foreign code runs there, within limits of time and memory, and can be killed."""
