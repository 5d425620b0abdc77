"""Phantom studies, the demonstration and the measurements against other people's servers."""
