"""The ledger's tables: what happened (never changed), who it is about (erasable), and what follows (derived).

`event` only grows; a trigger refuses to change it. It holds no personal data: that stands in
`alert` and `words`, where `forget` can erase it and a key can seal it. The `*_state` tables
are computed from the events alone and may be thrown away and rebuilt.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

HEAD = "0001"
"""The newest migration: the schema this version reads and writes."""

KINDS = (
    "alerted", "rang", "held", "released", "promised", "kept", "planned", "drafted", "sent", "signed", "departed",
    "arrived", "met", "reported", "cancelled", "escalated", "shown", "closed", "reopened", "forgot",
)  # fmt: skip
"""What can happen; see docs/ledger.md."""


class Moment(TypeDecorator[datetime]):
    """A moment with its zone: timestamptz, or text in UTC that sorts as time does."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL has a type of its own."""
        own = DateTime(timezone=True) if dialect.name == "postgresql" else String(32)
        return dialect.type_descriptor(own)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To UTC; a moment without a zone is our mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the ledger keeps moments with their zone, found {value}")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """In UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else datetime.fromisoformat(value)


Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by themselves only if INTEGER
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("case_id", Text),
    Column("instruction_id", Text),
    Column("plan_id", Text),
    Column("token", Text, unique=True),
    Column("body", Json, nullable=False),
    CheckConstraint("kind IN (" + ", ".join(f"'{one}'" for one in KINDS) + ")", name="kind"),
    Index("ix_event_case_id", "case_id", "seq"),
    Index("ix_event_kind_at", "kind", "at"),
    sqlite_autoincrement=True,
)

PERSONAL = ("name", "phone", "address", "account", "note")
"""Text columns of `alert` about a person; with `point` they are what `forget` erases and a key seals."""

alert = Table(
    "alert",
    metadata,
    Column("row_id", Number, primary_key=True, autoincrement=True),
    Column("event_seq", Number, ForeignKey("event.seq"), nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("alerted_at", Moment, nullable=False),
    Column("forgotten_at", Moment),
    Column("facts", Json, nullable=False),
    *(Column(name, Text) for name in PERSONAL),
    Column("lon", Float),
    Column("lat", Float),
    Column("point", Text),
    Column("person_key", Text),
    Column("row_key", Text),
    Column("place_key", Text),
    Index("ix_alert_alert_id", "alert_id"),
    Index("ix_alert_case_id", "case_id"),
    Index("ix_alert_person_key", "person_key"),
    Index("ix_alert_row_key", "row_key"),
    sqlite_autoincrement=True,
)

words = Table(
    "words",
    metadata,
    Column("event_seq", Number, ForeignKey("event.seq"), primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_words_case_id", "case_id"),
)

case_state = Table(
    "case_state",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("last_seq", Number, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("alerted_at", Moment, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("tier", Text),
    Column("fraud_type", Text),
    Column("amount_yuan", Float),
    Column("attempts", Integer, nullable=False),
    Column("contact_result", Text),
    Column("last_attempt_at", Moment),
    Column("safe_at", Moment),
    Column("hold_until", Moment),
    Column("hold_fraction", Float),
    Column("hold_kind", Text),
    Column("visits", Integer, nullable=False),
    Column("last_outcome", Text),
    Column("outcome_at", Moment),
    Column("refused_by", Json, nullable=False),
    Column("instruction_id", Text),
    Column("responder_id", Text),
    Column("due_visits", Json, nullable=False),
    Column("next_visit_at", Moment),
    Column("transferred_at", Moment),
    Column("closed_at", Moment),
    Column("closed_why", Text),
    Index("ix_case_state_open", "opened_at", sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
    Index("ix_case_state_closed_at", "closed_at"),
)  # fmt: skip

LIVE = text("ended_at IS NULL")

instruction_state = Table(
    "instruction_state",
    metadata,
    Column("instruction_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("case_state.case_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_seq", Number, nullable=False),
    Column("plan_id", Text),
    Column("responder_id", Text, nullable=False),
    Column("responder_kind", Text),
    Column("responder_name", Text),
    Column("place_id", Text),
    Column("stop_id", Text),
    Column("tier", Text),
    Column("drafted_at", Moment),
    Column("depart_by", Moment),
    Column("contact_by", Moment),
    *(
        column
        for step in ("sent", "signed", "departed", "arrived", "met", "reported", "cancelled")
        for column in (Column(f"{step}_at", Moment), Column(f"{step}_by", Text))
    ),
    Column("outcome", Text),
    Column("other_reports", Json, nullable=False),
    Column("escalated", Json, nullable=False),
    Column("ended_at", Moment),
    Index("ix_instruction_state_case_id", "case_id"),
    Index("ix_instruction_state_plan_id", "plan_id"),
    Index("ix_instruction_state_live", "sent_at", sqlite_where=LIVE, postgresql_where=LIVE),
)  # fmt: skip

hold_state = Table(
    "hold_state",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("case_state.case_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("fraction", Float, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("released_at", Moment),
    Index("ix_hold_state_case_id", "case_id"),
    Index("ix_hold_state_until", "until"),
)

promise_state = Table(
    "promise_state",
    metadata,
    Column("promise_id", Text, primary_key=True),
    Column("case_id", Text, ForeignKey("case_state.case_id"), nullable=False),
    Column("event_seq", Number, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("kept_at", Moment),
    Column("kept_by", Text),
    Index("ix_promise_state_case_id", "case_id"),
    Index("ix_promise_state_unkept", "due_at", sqlite_where=text("kept_at IS NULL"), postgresql_where=text("kept_at IS NULL")),
)  # fmt: skip

STATES = (case_state, instruction_state, hold_state, promise_state)
"""Derived tables, owners first."""
