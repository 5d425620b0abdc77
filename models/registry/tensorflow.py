"""TensorFlow and Keras: imported once, and told what they may use before they compute.

They take seconds and hundreds of megabytes: only what loads or makes a model in Keras comes here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from models.registry.errors import RegistryError


def keras() -> Any:
    """The module Keras 3, on TensorFlow whatever else the environment asks for."""
    os.environ.update(KERAS_BACKEND="tensorflow", TF_USE_LEGACY_KERAS="0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras as module

    if module.backend.backend() != "tensorflow":
        raise RegistryError(
            f"Keras runs on {module.backend.backend()} in this process, and our models in "
            "TensorFlow."
        )
    return module


def tensorflow() -> Any:
    """The module TensorFlow, with Keras 3 as its Keras."""
    keras()
    import tensorflow as module

    return module


def ready(device: str, threads: int | None = None) -> None:
    """Raise `RegistryError` where the device is not there; limit the threads and the memory.

    TensorFlow takes the number of threads before it computes for the first time: a process that
    asks later for another number goes on with the one it has.
    """
    config = tensorflow().config
    gpus = config.list_physical_devices("GPU")
    if device != "cpu" and len(gpus) <= _number(device):
        raise RegistryError(f"The device {device} is not there: TensorFlow finds {_few(gpus)}.")
    for gpu in gpus:  # else the first model takes all of its memory, whatever it needs
        _early(config.experimental.set_memory_growth, gpu, True)
    if threads is not None:
        _early(config.threading.set_intra_op_parallelism_threads, threads)
        _early(config.threading.set_inter_op_parallelism_threads, threads)


def place(device: str) -> str:
    """TensorFlow's name for a device."""
    return "/CPU:0" if device == "cpu" else f"/GPU:{_number(device)}"


def _number(device: str) -> int:
    return int(device.partition(":")[2] or 0)


def _few(gpus: list[Any]) -> str:
    return f"{len(gpus)} GPUs only" if gpus else "no GPU"


def _early(setting: Callable[..., None], *values: Any) -> None:
    """Set what can be set only once; see `ready`."""
    try:
        setting(*values)
    except RuntimeError as error:
        if "initializ" not in str(error):  # "... cannot be modified after initialization."
            raise
