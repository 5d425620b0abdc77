"""The tables. Every other module of this room reads and writes these and nothing else does.

Times are seconds since the epoch (UTC). Names of DICOM attributes are spelt as in the standard.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

UID = String(64)
AE = String(16)

associations = Table(
    "associations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("receiver", String(36), nullable=False),
    Column("calling_ae", AE, nullable=False),
    Column("called_ae", AE, nullable=False),
    Column("address", String(64), nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("outcome", String(32)),
    Index(None, "receiver", "closed_at"),
    comment="Who was connected, when, and how it ended",
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False),
    Column("SOPClassUID", UID, nullable=False),
    Column("SOPInstanceUID", UID, nullable=False),
    Column("TransferSyntaxUID", UID, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("association", String(36), nullable=False, index=True),
    Column("calling_ae", AE, nullable=False),
    Column("address", String(64), nullable=False),
    Column("received_at", Float, nullable=False),
    Column("outcome", String(16), nullable=False),
    comment="Instances that are safe in the inbox and not yet indexed",
)

studies = Table(
    "studies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("StudyInstanceUID", UID, nullable=False, unique=True),
    Column("status", String(16), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("expected", Integer),
    Column("expected_from", String(200)),
    Column("asked_at", Float),
    Column("removed_at", Float),
    comment="A study and the revision of it that is being assembled or was completed last",
)

study_associations = Table(
    "study_associations",
    metadata,
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("association", String(36), primary_key=True),
    comment="Which associations brought instances of a study",
)

instances = Table(
    "instances",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("SeriesInstanceUID", UID, nullable=False),
    Column("SOPClassUID", UID, nullable=False),
    Column("SOPInstanceUID", UID, nullable=False, index=True),
    Column("TransferSyntaxUID", UID, nullable=False),
    Column("key", String(80), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("header", JSON, nullable=False),
    Column("calling_ae", AE, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("ours", Boolean, nullable=False),
    comment="Every instance the inbox holds; of those with the same UID one is current",
)

revisions = Table(
    "revisions",
    metadata,
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float, nullable=False),
    Column("instances", Integer, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("decision", JSON, nullable=False),
    comment="On what evidence a revision was complete, and where it was routed and why",
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("pipeline", String(63), nullable=False),
    Column("version", String(63), nullable=False),
    Column("framework", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("assignment", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("worker", String(36)),
    Column("lease_until", Float),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("doing", String(200), nullable=False, server_default=""),
    Column("cancel", Boolean, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("trace", Text),
    Column("findings", JSON),
    Column("alert", Text),
    UniqueConstraint("study_id", "revision", "pipeline", "version"),
    Index(None, "status", "framework", "priority", "not_before"),
    Index(None, "worker"),
    comment="One job per study, revision, pipeline and version",
)

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("SOPClassUID", UID, nullable=False),
    Column("SOPInstanceUID", UID, nullable=False, unique=True),
    Column("SeriesInstanceUID", UID, nullable=False),
    Column("TransferSyntaxUID", UID, nullable=False),
    Column("key", String(80), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    comment="The objects this node made",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("result_id", ForeignKey("results.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("destination", String(63), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dimse_status", Integer),
    Column("comment", Text),
    Column("sent_at", Float),
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("delivered_at", Float),
    Column("evidence", String(32)),
    UniqueConstraint("result_id", "destination"),
    Index(None, "destination", "status", "not_before"),
    comment="One result to one destination: the outbox",
)

commitment_requests = Table(
    "commitment_requests",
    metadata,
    Column("transaction_uid", UID, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("asked_at", Float, nullable=False),
    Index(None, "delivery_id"),
    comment="What we asked a peer to vouch for, every time: an answer may come late",
)

commitment_reports = Table(
    "commitment_reports",
    metadata,
    # No number: SQLite gives those of removed rows again.
    Column("id", String(36), primary_key=True),
    Column("calling_ae", AE, nullable=False),
    Column("address", String(64), nullable=False),
    Column("transaction_uid", UID, nullable=False),
    Column("committed", JSON, nullable=False),
    Column("failed", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("not_before", Float, nullable=False, index=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("comment", Text),
    UniqueConstraint("calling_ae", "address", "transaction_uid"),
    comment="What others asked us to vouch for, and the answer we still owe them",
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("event", String(48), nullable=False),
    Column("StudyInstanceUID", UID, index=True),
    Column("detail", JSON, nullable=False),
    comment="What happened that somebody may ask about later",
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", String(48), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", Float),
    Index(None, "sent_at", "not_before"),
    comment="Messages for the configured webhook",
)

processes = Table(
    "processes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("detail", JSON, nullable=False),
    comment="The processes of the node that are alive",
)

chores = Table(
    "chores",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("last_at", Float, nullable=False),
    comment="When each periodic chore ran last, over restarts",
)
