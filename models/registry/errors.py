"""What can be wrong with a registered model, said so that whoever registered it can mend it."""

from __future__ import annotations


class RegistryError(Exception):
    """A model that is not there, that cannot be used, or that cannot be added; says why."""
