"""The network of the system that this one replaces, with layers that its files can name.

Widths of 16, 28, 44, 72, 115, 188 and 288, each the two before it added up, more or less. Early
maps go round the pooling in branches that take the average less twice the highest value.

It was rebuilt from a description that leaves things open. Read as here it has the 278,039 weights
and the 50 layers that are known of it: every convolution has a bias and is followed by batch
normalisation, but those of the branches, where the pooling normalises; only the separable
convolutions are gated; both branches are two convolutions of 24 with their pooling; the main way
is pooled by the maximum. What no count tells are the pooling's size and the activations, which are
2 and swish here. A file brings its own either way: this is for training it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

from models.registry.card import Input
from models.registry.keras_file import KerasClassifier
from models.registry.keras_file import load as load_file

if TYPE_CHECKING:
    from models.registry.entries import Entry

Shape = tuple[int | None, ...]

SIDE = 224
INPUT = Input(
    aspect="stretched", width=SIDE, height=SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)
)
"""What its published weights have learned: for its card, which may say otherwise of others."""
REGULARISED = 0.001


@keras.saving.register_keras_serializable()
class SEBlock(layers.Layer):
    """Squeeze and excitation (Hu 2018): each map is weighed by what all of them are on average."""

    def __init__(self, ratio: int = 16, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape: Shape) -> None:
        """Make both layers as wide as the input asks for."""
        channels = int(input_shape[-1] or 0)
        narrow = channels // self.ratio
        self.fc1 = layers.Dense(narrow, activation="swish")
        self.fc2 = layers.Dense(channels, activation="sigmoid")
        self.fc1.build((None, channels))
        self.fc2.build((None, narrow))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The maps, weighed."""
        weights = self.fc2(self.fc1(ops.mean(inputs, axis=(1, 2))))
        return inputs * weights[:, None, None, :]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """As what came in."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """All that makes it."""
        return {**super().get_config(), "ratio": self.ratio}


@keras.saving.register_keras_serializable()
class Avg2MaxPooling(layers.Layer):
    """The average less twice the highest value, normalised: what stands out from around it."""

    def __init__(
        self, pool_size: int = 3, strides: int = 2, padding: str = "same", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.padding = pool_size, strides, padding
        self.avg_pool = layers.AveragePooling2D(pool_size, strides, padding)
        self.max_pool = layers.MaxPooling2D(pool_size, strides, padding)
        self.bn = layers.BatchNormalization()

    def build(self, input_shape: Shape) -> None:
        """Make the normalisation as wide as the input."""
        self.bn.build(self.compute_output_shape(input_shape))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The maps, pooled."""
        return self.bn(self.avg_pool(inputs) - 2 * self.max_pool(inputs))

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """As any pooling's."""
        return self.max_pool.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """All that makes it."""
        own = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable()
class DepthwiseSeparableConv(layers.Layer):
    """A convolution of each map and one across them, normalised and gated.

    What came in is added where it has the same shape.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        se_ratio: int = 16,
        reg: float = REGULARISED,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.se_ratio, self.reg = se_ratio, reg
        self.dw = layers.DepthwiseConv2D(
            kernel_size, strides, padding="same", depthwise_regularizer=keras.regularizers.L2(reg)
        )
        self.pw = layers.Conv2D(filters, 1, kernel_regularizer=keras.regularizers.L2(reg))
        self.bn = layers.BatchNormalization()
        self.se = SEBlock(se_ratio)

    def build(self, input_shape: Shape) -> None:
        """Make all layers as wide as the input asks for."""
        self.dw.build(input_shape)
        self.pw.build(self.dw.compute_output_shape(input_shape))
        shape = self.compute_output_shape(input_shape)
        self.bn.build(shape)
        self.se.build(shape)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The maps, convolved."""
        found = self.se(ops.silu(self.bn(self.pw(self.dw(inputs)))))
        return found + inputs if inputs.shape == found.shape else found

    def compute_output_shape(self, input_shape: Shape) -> Any:
        """As the convolution of each map leaves it, with so many filters."""
        return (*self.dw.compute_output_shape(input_shape)[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """All that makes it."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        rest = {"se_ratio": self.se_ratio, "reg": self.reg}
        return {**super().get_config(), **own, **rest}


CLASSES = (SEBlock, Avg2MaxPooling, DepthwiseSeparableConv)
LAYERS = {f"{package}{one.__name__}": one for one in CLASSES for package in ("", "Custom>")}
"""By the names that files have for them: as registered, or the bare class."""


def network() -> Any:
    """The network without its training: pictures of 224 x 224 x 3, 0 to 1, to a probability."""
    given = keras.Input((SIDE, SIDE, 3))
    found = _convolved(_convolved(given, 16), 16, strides=2)
    early = _convolved(found, 28)
    later = _convolved(layers.MaxPooling2D()(early), 44)
    found = _convolved(layers.MaxPooling2D()(later), 72)
    found = _joined(layers.MaxPooling2D()(found), early, 72, 0.2)
    found = layers.MaxPooling2D()(_convolved(found, 115))
    found = _joined(found, later, 115, 0.3)
    for filters in (188, 288):
        found = DepthwiseSeparableConv(filters)(found)
    found = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(found))
    found = layers.Dropout(0.3)(layers.Dense(32, activation="swish")(found))
    return keras.Model(given, layers.Dense(1, activation="sigmoid")(found), name="fibonacci")


def _convolved(found: Any, filters: int, kernel: int = 3, strides: int = 1) -> Any:
    regularised = keras.regularizers.L2(REGULARISED)
    found = layers.Conv2D(filters, kernel, strides, padding="same", kernel_regularizer=regularised)(
        found
    )
    return layers.Activation("swish")(layers.BatchNormalization()(found))


def _joined(found: Any, branch: Any, filters: int, dropped: float) -> Any:
    """The main way with a branch of earlier maps, brought to its size."""
    for _ in range(2):
        convolved = layers.Conv2D(24, 3, padding="same", activation="swish")(branch)
        branch = Avg2MaxPooling()(convolved)
    branch = layers.Resizing(*found.shape[1:3])(branch)
    both = layers.Concatenate()([found, branch])
    return layers.Dropout(dropped)(_convolved(both, filters, kernel=1))


def load(entry: Entry, device: str = "cpu") -> KerasClassifier:
    """The model of a registered entry, whose file may name these layers besides Keras's own."""
    return load_file(entry.card, entry.only_file(), device, LAYERS)
