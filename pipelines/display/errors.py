"""What can stand in the way of showing a frame."""


class NotShown(Exception):
    """A frame cannot be shown; the message says why, as the end of a sentence."""
