"""Objects that lie on the planes of their source: segmentations and heat maps."""
