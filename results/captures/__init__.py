"""Secondary captures: overlays, the page beside the original, pictures of pipelines."""
