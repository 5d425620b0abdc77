"""The node's face over HTTP."""
