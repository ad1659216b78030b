"""A built-in adversary: completions that are wrong and paid, searched for before a model finds them."""
