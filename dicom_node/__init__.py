"""The wire and the processes: what receives, assembles, works and sends."""

__version__ = "0.1.0"
