"""How good the model is: its figures, what disturbs it, and the page that tells both."""
