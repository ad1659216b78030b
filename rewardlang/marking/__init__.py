"""From the program and a row of data to its marks."""
