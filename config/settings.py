"""Every setting of the node, typed and frozen; `node.toml` beside this file explains each one."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0)]
Host = Annotated[str, Field(pattern=r"^\S+$", description="a host name or an address")]
AETitle = Annotated[
    str,
    Field(
        pattern=r"^ *[!-\[\]-~][ -\[\]-~]*$",
        max_length=16,
        description="1 to 16 plain characters, not all blank, no backslash",
    ),
]
"""PS3.5 section 6.2: at most 16 characters of the default repertoire, no backslash, not blank."""
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
        description="a name of at most 63 letters, digits, dots, hyphens and underscores, "
        "the first a letter or a digit",
    ),
]
UID = Annotated[
    str,
    Field(
        pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$",
        max_length=64,
        description="a UID: numbers without leading zeros joined by dots, at most 64 characters",
    ),
]
Database = Annotated[
    str,
    Field(
        pattern=r"^(sqlite|sqlite:///.+|postgresql(\+psycopg)?://.+)$",
        description='"sqlite", sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME',
    ),
]
Priority = Literal["stat", "urgent", "routine"]
ResultKind = Literal[
    "sr", "seg", "overlay", "presentation", "heatmap", "key-objects", "report", "images"
]
"""What results are sent as; `images` are derived or defaced copies of the images themselves."""


class Section(BaseModel):
    """A table of the configuration file: unknown keys are errors, values never change."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # a value may be a secret
    )


class Node(Section):
    """Who the node is and where it listens for DICOM."""

    ae_title: AETitle
    host: Host
    port: Port
    data_dir: Path = Field(strict=False, description="a folder")
    database: Database = Field(repr=False)
    database_password: SecretStr = Field(strict=False)
    receivers: Annotated[int, Field(ge=1, le=64)]
    drain_seconds: Seconds
    uid_root: Annotated[
        str,
        Field(
            pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$",
            max_length=40,
            description="a UID root: numbers without leading zeros joined by dots, "
            "at most 40 characters",
        ),
    ]


class Receiver(Section):
    """What the receiver lets in and how long it waits."""

    check_called_ae: bool | Literal["auto"]
    check_calling_ae: bool | Literal["auto"]
    max_associations: Annotated[int, Field(ge=1)]
    max_associations_per_peer: Annotated[int, Field(ge=1)]
    max_pdu: Annotated[int, Field(ge=4096, le=4194304)]
    association_seconds: Seconds
    network_seconds: Seconds
    dimse_seconds: Seconds
    min_free_mb: Annotated[int, Field(ge=0)]
    quota_mb: Annotated[int, Field(ge=0)]
    on_conflict: Literal["revise", "keep-first", "refuse"]
    extra_sop_classes: tuple[UID, ...] = Field(strict=False)
    extra_transfer_syntaxes: tuple[UID, ...] = Field(strict=False)
    accept_any_sop_class: bool


class Tls(Section):
    """The encrypted listener beside, or instead of, the plain one."""

    enabled: bool
    port: Port
    plain: bool
    certificate: str
    key: str
    ca: str
    require_client_certificate: bool


class Http(Section):
    """Where the page and the API listen."""

    enabled: bool
    host: Host
    port: Port


class Peer(Section):
    """Another application entity: one that sends to us, that we send to, or both."""

    ae_title: AETitle
    host: Host = "127.0.0.1"
    port: Port = 104
    commitment: bool = False
    verify: bool = False
    count: bool = True
    results: tuple[ResultKind, ...] | None = Field(default=None, strict=False)
    max_associations: Annotated[int, Field(ge=1)] | None = None
    rle: bool = False
    tls: bool = False
    tls_verify_name: bool = True
    timeout_seconds: Seconds = 30.0


class Assembly(Section):
    """When a study is complete."""

    quiet_seconds: Seconds
    short_seconds: Seconds
    cap_seconds: Seconds


class Route(Section):
    """Which studies go to which pipelines, and where their results go."""

    name: Annotated[str, Field(min_length=1)]
    when: Mapping[str, Any] = Field(default_factory=dict)
    level: Literal["study", "series", "instance"] = "series"
    pipelines: tuple[Name, ...] = Field(min_length=1, strict=False)
    send_to: tuple[Name, ...] = Field(default=(), strict=False)
    results: tuple[ResultKind, ...] | None = Field(default=None, strict=False)
    priority: Priority = "routine"
    shadow: bool = False
    enabled: bool = True


class Pipelines(Section):
    """How a pipeline's jobs are run; `[pipelines.NAME]` overrides `[workers]` for one."""

    concurrency: Annotated[int, Field(ge=1)] | None = None
    timeout_seconds: Seconds | None = None
    options: Mapping[str, Any] = Field(default_factory=dict)


class Workers(Section):
    """The processes that run pipelines."""

    count: Annotated[int, Field(ge=1, le=64)]
    device: Annotated[
        str,
        Field(
            pattern=r"^(cpu|cuda(:[0-9]+)?)$", description='"cpu", "cuda" or "cuda:" and a number'
        ),
    ]
    lease_seconds: Annotated[float, Field(ge=1)]
    timeout_seconds: Seconds
    memory_mb: Annotated[int, Field(ge=128)]
    max_attempts: Annotated[int, Field(ge=1)]
    max_crashes: Annotated[int, Field(ge=1)]
    backoff_seconds: Seconds
    backoff_cap_seconds: Seconds


class Models(Section):
    """Where the models are that did not come with the node."""

    folder: str


class Sender(Section):
    """How results are delivered."""

    backoff_seconds: Seconds
    backoff_cap_seconds: Seconds
    max_attempts: Annotated[int, Field(ge=1)]
    idle_seconds: Seconds
    commitment_seconds: Seconds
    commitment_attempts: Annotated[int, Field(ge=1)]
    report_seconds: Seconds


class Retention(Section):
    """When stored pixels are removed; never before their results are delivered."""

    enabled: bool
    days: Annotated[float, Field(ge=0)]
    at: Annotated[
        str,
        Field(
            pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
            description='text of the form "HH:MM" from "00:00" to "23:59"',
        ),
    ]


class Notices(Section):
    """Who is told when somebody should look: at a study, at the routes or at the node."""

    webhook: SecretStr = Field(strict=False)
    alert: bool
    unrouted: bool
    dead: bool


class Logging(Section):
    """What is written to the log; patient identifiers never are."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["console", "json"]


class Settings(Section):
    """The whole configuration, read once at start and passed down."""

    node: Node
    receiver: Receiver
    tls: Tls
    http: Http
    assembly: Assembly
    workers: Workers
    models: Models
    sender: Sender
    retention: Retention
    notices: Notices
    logging: Logging
    peers: Mapping[Name, Peer] = Field(default_factory=dict)
    pipelines: Mapping[Name, Pipelines] = Field(default_factory=dict)
    routes: tuple[Route, ...] = Field(default=(), strict=False)

    def peers_by_ae(self, ae_title: str) -> dict[str, Peer]:
        """The configured peers with this application entity title, by name."""
        wanted = ae_title.strip()
        return {name: peer for name, peer in self.peers.items() if peer.ae_title.strip() == wanted}

    def options_of(self, pipeline: str) -> Mapping[str, Any]:
        """What a pipeline is told by `[pipelines.NAME.options]`."""
        own = self.pipelines.get(pipeline)
        return {} if own is None else own.options

    @property
    def models_folder(self) -> Path:
        """Where the site's own models are."""
        return Path(self.models.folder or self.node.data_dir / "models")

    @property
    def checks_called_ae(self) -> bool:
        """Whether associations to another AE title are refused, with "auto" worked out."""
        wanted = self.receiver.check_called_ae
        return not is_loopback(self.node.host) if wanted == "auto" else wanted

    @property
    def checks_calling_ae(self) -> bool:
        """Whether peers that are not configured are refused, with "auto" worked out."""
        wanted = self.receiver.check_calling_ae
        return not is_loopback(self.node.host) if wanted == "auto" else wanted


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a listener on this address."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name: whom it reaches, only the network knows
        return False
