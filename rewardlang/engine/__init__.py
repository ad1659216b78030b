"""Whole batches at once: the plan of a program, and the numbers of its rows. `marking` says what they mean, and explains them."""
