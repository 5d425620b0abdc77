"""The configuration: read once at start, typed, frozen and passed down."""
