"""The first schema.

Frozen: a later change of the tables is a migration of its own, not an edit of this one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dispatch.ledger.schema import Json, Moment, Number

revision = "0001"
down_revision = None

KINDS = (
    "'alerted', 'rang', 'held', 'released', 'promised', 'kept', 'planned', 'drafted', 'sent', 'signed', 'departed', "
    "'arrived', 'met', 'reported', 'cancelled', 'escalated', 'shown', 'closed', 'reopened', 'forgot'"
)


def upgrade() -> None:
    """Make all tables, and let nobody change an event."""
    postgres = op.get_bind().dialect.name == "postgresql"
    _what_happened()
    _who_it_is_about(postgres=postgres)
    _what_follows()
    _keep_events(postgres=postgres)


def _what_happened() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "event",
        sa.Column("seq", Number, autoincrement=True, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text),
        sa.Column("instruction_id", sa.Text),
        sa.Column("plan_id", sa.Text),
        sa.Column("token", sa.Text),
        sa.Column("body", Json, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sa.UniqueConstraint("token", name="uq_event_token"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_event_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_case_id", "event", ["case_id", "seq"])
    op.create_index("ix_event_kind_at", "event", ["kind", "at"])


def _who_it_is_about(*, postgres: bool) -> None:
    op.create_table(
        "alert",
        sa.Column("row_id", Number, autoincrement=True, nullable=False),
        sa.Column("event_seq", Number, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("alerted_at", Moment, nullable=False),
        sa.Column("forgotten_at", Moment),
        sa.Column("facts", Json, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("name", "phone", "address", "account", "note")),
        sa.Column("lon", sa.Float),
        sa.Column("lat", sa.Float),
        sa.Column("point", sa.Text),
        sa.Column("person_key", sa.Text),
        sa.Column("row_key", sa.Text),
        sa.Column("place_key", sa.Text),
        sa.PrimaryKeyConstraint("row_id", name="pk_alert"),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name="fk_alert_event_seq"),
        sqlite_autoincrement=True,
    )
    for column in ("alert_id", "case_id", "person_key", "row_key"):
        op.create_index(f"ix_alert_{column}", "alert", [column])
    op.create_table(
        "words",
        sa.Column("event_seq", Number, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("event_seq", name="pk_words"),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name="fk_words_event_seq"),
    )
    op.create_index("ix_words_case_id", "words", ["case_id"])
    if postgres:  # a real geometry for whoever asks the database itself; it follows lon and lat
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public")
        op.execute(
            "ALTER TABLE alert ADD COLUMN geom public.geometry(Point, 4326) "
            "GENERATED ALWAYS AS (public.ST_SetSRID(public.ST_MakePoint(lon, lat), 4326)) STORED"
        )
        op.execute("CREATE INDEX ix_alert_geom ON alert USING gist (geom)")
        personal = ("name", "phone", "address", "account", "note", "lon", "lat", "point", "geom")
        for table, columns in (("alert", personal), ("words", ("text",))):
            for column in columns:  # the planner's statistics are copies of values, and would outlive them
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def _what_follows() -> None:
    moments = {"opened_at": False, "alerted_at": False}
    op.create_table(
        "case_state",
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("last_seq", Number, nullable=False),
        *(sa.Column(name, Moment, nullable=nullable) for name, nullable in moments.items()),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("warnings", sa.Integer, nullable=False),
        sa.Column("tier", sa.Text),
        sa.Column("fraud_type", sa.Text),
        sa.Column("amount_yuan", sa.Float),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("contact_result", sa.Text),
        sa.Column("last_attempt_at", Moment),
        sa.Column("safe_at", Moment),
        sa.Column("hold_until", Moment),
        sa.Column("hold_fraction", sa.Float),
        sa.Column("hold_kind", sa.Text),
        sa.Column("visits", sa.Integer, nullable=False),
        sa.Column("last_outcome", sa.Text),
        sa.Column("outcome_at", Moment),
        sa.Column("refused_by", Json, nullable=False),
        sa.Column("instruction_id", sa.Text),
        sa.Column("responder_id", sa.Text),
        sa.Column("due_visits", Json, nullable=False),
        sa.Column("next_visit_at", Moment),
        sa.Column("transferred_at", Moment),
        sa.Column("closed_at", Moment),
        sa.Column("closed_why", sa.Text),
        sa.PrimaryKeyConstraint("case_id", name="pk_case_state"),
    )
    op.create_index(
        "ix_case_state_open",
        "case_state",
        ["opened_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_case_state_closed_at", "case_state", ["closed_at"])
    steps = ("sent", "signed", "departed", "arrived", "met", "reported", "cancelled")
    op.create_table(
        "instruction_state",
        sa.Column("instruction_id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("last_seq", Number, nullable=False),
        sa.Column("plan_id", sa.Text),
        sa.Column("responder_id", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Text)
            for name in ("responder_kind", "responder_name", "place_id", "stop_id", "tier")
        ),
        sa.Column("drafted_at", Moment),
        sa.Column("depart_by", Moment),
        sa.Column("contact_by", Moment),
        *(
            one
            for step in steps
            for one in (sa.Column(f"{step}_at", Moment), sa.Column(f"{step}_by", sa.Text))
        ),
        sa.Column("outcome", sa.Text),
        sa.Column("other_reports", Json, nullable=False),
        sa.Column("escalated", Json, nullable=False),
        sa.Column("ended_at", Moment),
        sa.PrimaryKeyConstraint("instruction_id", name="pk_instruction_state"),
        sa.ForeignKeyConstraint(["case_id"], ["case_state.case_id"], name="fk_instruction_state_case_id"),
    )
    op.create_index("ix_instruction_state_case_id", "instruction_state", ["case_id"])
    op.create_index("ix_instruction_state_plan_id", "instruction_state", ["plan_id"])
    op.create_index(
        "ix_instruction_state_live",
        "instruction_state",
        ["sent_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "hold_state",
        sa.Column("hold_id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fraction", sa.Float, nullable=False),
        sa.Column("placed_at", Moment, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("released_at", Moment),
        sa.PrimaryKeyConstraint("hold_id", name="pk_hold_state"),
        sa.ForeignKeyConstraint(["case_id"], ["case_state.case_id"], name="fk_hold_state_case_id"),
    )
    op.create_index("ix_hold_state_case_id", "hold_state", ["case_id"])
    op.create_index("ix_hold_state_until", "hold_state", ["until"])
    op.create_table(
        "promise_state",
        sa.Column("promise_id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("event_seq", Number, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("kept_at", Moment),
        sa.Column("kept_by", sa.Text),
        sa.PrimaryKeyConstraint("promise_id", name="pk_promise_state"),
        sa.ForeignKeyConstraint(["case_id"], ["case_state.case_id"], name="fk_promise_state_case_id"),
    )
    op.create_index("ix_promise_state_case_id", "promise_state", ["case_id"])
    op.create_index(
        "ix_promise_state_unkept",
        "promise_state",
        ["due_at"],
        sqlite_where=sa.text("kept_at IS NULL"),
        postgresql_where=sa.text("kept_at IS NULL"),
    )


def _keep_events(*, postgres: bool) -> None:
    if postgres:
        op.execute(
            "CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER keep_events BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_events()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_events_{what.lower()} BEFORE {what} ON event "
            "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
        )
