"""The registry of models: cards, digests, and how an entry becomes a model that looks.

Importing it brings no framework: that of a model is imported when it is loaded.
"""

from models.registry.adding import add
from models.registry.card import Card
from models.registry.entries import Broken, Entry, Registry
from models.registry.errors import RegistryError
from models.registry.loading import load

__all__ = ["Broken", "Card", "Entry", "Registry", "RegistryError", "add", "load"]
