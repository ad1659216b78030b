"""What a reward does to many completions: figures, and a page that shows them with every row."""
