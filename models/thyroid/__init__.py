"""Ultrasound of the thyroid: where the echoes are, and the nodules in them."""
