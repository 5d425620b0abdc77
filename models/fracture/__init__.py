"""The fracture model: a grey picture of an extremity in, what looks like a fracture out."""
