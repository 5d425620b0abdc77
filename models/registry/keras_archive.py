"""A `.keras` file before it is loaded: what it holds, and which layers it names.

Keras's safe mode loads no programs. Whatever else a file could do is refused here, before anything
of it is made: be huge, read other files, or name layers that nobody here has the code of.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterator
from typing import Any

from models.registry.errors import RegistryError

LARGEST = {"config.json": 20_000_000, "metadata.json": 100_000, "model.weights.h5": 2_000_000_000}
"""What a file has to hold, no more and no less, with the most bytes that each may have unpacked."""
_HDF5 = b"\x89HDF\r\n\x1a\n"
_REFUSED = (
    *("__lambda__", "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("__typespec__", "StringLookup", "IntegerLookup", "TextVectorization"),
)
"""What can be a program, and what can read other files."""
_PLAIN = (
    *("__bytes__", "__ellipsis__", "__keras_tensor__", "__numpy__", "__slice__", "__tensor__"),
)
_PARTS = (
    *(
        "activations",
        "constraints",
        "dtype_policies",
        "initializers",
        "layers",
        "losses",
        "metrics",
    ),
    *("models", "ops", "optimizers", "regularizers", "src"),
)
"""Where in Keras a network's parts come from; elsewhere it has functions that fetch files."""


def check(file: bytes, called: str, ours: Collection[str] = ()) -> None:
    """Raise `RegistryError` for what is not loaded; `ours` names classes besides Keras's own."""
    config = _config(file, called)
    if isinstance(config, dict):
        config.pop("compile_config", None)  # how it was trained: nothing of that is loaded
    unknown = set()
    for one in _objects(config):
        name = str(one["class_name"])
        if name in _REFUSED:
            raise RegistryError(
                f"{called} has a {name[:80]}, which can be a program or read other files: such a "
                "model is not loaded."
            )
        if not (name in _PLAIN or _is_keras(one) or _named(one) in ours):
            unknown.add(_named(one)[:80])
    if unknown:
        raise RegistryError(
            f"{called} has parts that are neither Keras's own nor of its card's architecture: "
            f"{', '.join(sorted(unknown)[:10])}."
        )


def _config(file: bytes, called: str) -> Any:
    """What config.json in the file says."""
    if file.startswith(_HDF5):
        raise RegistryError(
            f"{called} is an HDF5 file, which is not loaded, as it has no safe mode to be loaded "
            "in: save the model as .keras."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            _check_members(archive, called)
            return json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, ValueError, RecursionError, NotImplementedError, EOFError):
        raise RegistryError(f"{called} is no .keras file that can be read.") from None


def _check_members(archive: zipfile.ZipFile, called: str) -> None:
    """Compare what the archive says of its members; no more than that is ever unpacked."""
    members = archive.infolist()
    if sorted(one.filename for one in members) != sorted(LARGEST):
        raise RegistryError(f"{called} does not hold {', '.join(LARGEST)}, and nothing else.")
    for one in members:
        if one.file_size > LARGEST[one.filename]:
            raise RegistryError(
                f"{called}: its {one.filename} has {one.file_size} bytes, and "
                f"{LARGEST[one.filename]} are the most."
            )


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in it that names a class, however deep."""
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "class_name" in one:
                yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _is_keras(one: dict[str, Any]) -> bool:
    package, _, rest = str(one.get("module")).partition(".")
    if package == "builtins":  # how it calls those of its functions that have names
        return bool(one["class_name"] == "function")
    return package == "keras" and (not rest or rest.partition(".")[0] in _PARTS)


def _named(one: dict[str, Any]) -> str:
    """As files of today call it, or those of before, without a package."""
    if one["class_name"] == "function":
        return str(one.get("config"))
    return str(one.get("registered_name") or one["class_name"])
