"""Functions of the author: found and read without being run, called in worker processes."""
