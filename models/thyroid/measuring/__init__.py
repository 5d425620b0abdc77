"""How good the thyroid models are: sets scored, networks compared, and the page of it."""
