"""From the text of a `.reward` file to its syntax tree, and back."""
