"""What a site brings made into what is kept: state dicts become safetensors.

A checkpoint may be a pickle, which is a program. It is read once, here, by a reader that takes
tensors and plain containers only; afterwards nothing pickled is there to be loaded.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from models.registry.errors import RegistryError
from models.registry.known import RESNETS

if TYPE_CHECKING:
    from torch import Tensor

KEPT = {
    "keras": "model.keras",
    "onnx": "model.onnx",
    "torch": "model.safetensors",
    "torchscript": "model.torchscript",
}
"""The name of the one file of a site's entry, by framework."""


def framework_of(source: str) -> str:
    """The framework that the name of a source's file suggests."""
    name = urlsplit(source).path if "://" in source else source
    suffix = PurePosixPath(name).suffix.lower()
    # An HDF5 file is Keras's too: it is refused where its content is known, in words of its own.
    return {".onnx": "onnx", ".keras": "keras", ".h5": "keras", ".hdf5": "keras"}.get(
        suffix, "torch"
    )


def keep(found: Path, framework: str, folder: Path) -> Path:
    """Make the file of the entry, in its folder, of what was fetched."""
    kept = folder / KEPT[framework]
    if framework == "torch" and not _is_safetensors(found):
        from safetensors.torch import save_file

        weights = _unpickled(found)
        save_file({name: value.clone().contiguous() for name, value in weights.items()}, kept)
    else:
        found.rename(kept)
    return kept


def check_kind(card: Mapping[str, Any]) -> None:
    """Raise `RegistryError` for what a site cannot bring."""
    if card["framework"] == "torch" and card.get("architecture") not in RESNETS:
        raise RegistryError(
            f"{card.get('architecture') or 'No architecture'} is not one that a site can bring as "
            f"a state dict: {', '.join(RESNETS)}. Others can come as ONNX, TorchScript or Keras."
        )


def _is_safetensors(path: Path) -> bool:
    """Known by its content: eight bytes of length, then JSON."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000


def _unpickled(path: Path) -> dict[str, Tensor]:
    """The state dict of a checkpoint, whatever it is wrapped in."""
    import torch

    if _is_torchscript(path):
        raise RegistryError(f"{path.name} is TorchScript: say so with --framework torchscript.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of how unusual the pickle is
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise RegistryError(
            f"{path.name} is no checkpoint that holds weights only, and nothing else is loaded, "
            f"as it could run as a program: {_gist(error)}"
        ) from None
    for wrapping in ("state_dict", "model_state_dict"):
        if isinstance(found, Mapping) and isinstance(found.get(wrapping), Mapping):
            found = found[wrapping]
    if not isinstance(found, Mapping) or not found:
        raise RegistryError(f"{path.name} holds no state dict.")
    weights = {str(name).removeprefix("module."): value for name, value in found.items()}
    if odd := [name for name, value in weights.items() if not isinstance(value, torch.Tensor)]:
        raise RegistryError(f"{path.name} holds more than tensors: {', '.join(odd[:5])}.")
    return weights


def _gist(error: Exception) -> str:
    """What torch complains of, without its advice to load the file all the same."""
    told = " ".join(str(error).split())
    at = told.find("Trying to load unsupported")
    if at < 0:
        at = told.find("WeightsUnpickler error")
    return told[at : at + 160] if at >= 0 else told.partition(". ")[0][:160]


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())
