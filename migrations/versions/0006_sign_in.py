"""Sign-in: known devices, second factors, passkeys, sessions that renew their token."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
OF_A_PERSON = {"references": {"person_id": "lumbung_person"}, "cascades": ["person_id"]}
OF_A_DEVICE = ("lumbung_session", "lumbung_sign_in_attempt")


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_device",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("agent", sa.String(200)),
        sa.Column("trusted_at", moment),
        unique=[("token_hash",)],
        **OF_A_PERSON,
    )
    _sessions()
    _second_factors()
    _passkeys()


def _sessions() -> None:
    for table in OF_A_DEVICE:
        op.add_column(table, sa.Column("device_id", sa.Uuid))
        op.create_foreign_key(
            f"fk_{table}_device_id",
            table,
            "lumbung_device",
            ["tenant_id", "device_id"],
            ["tenant_id", "id"],
            ondelete="CASCADE",
        )
        op.create_index(f"ix_{table}_device_id", table, ["tenant_id", "device_id"])
    op.add_column("lumbung_session", sa.Column("method", sa.String(20), nullable=False, server_default="password"))
    op.add_column("lumbung_session", sa.Column("pending", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("lumbung_session", sa.Column("second_factor_at", moment))
    op.add_column("lumbung_session", sa.Column("fresh_at", moment))
    op.add_column("lumbung_session", sa.Column("rotate", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("lumbung_session", sa.Column("previous_hash", sa.LargeBinary))
    op.add_column("lumbung_session", sa.Column("rotated_at", moment))
    op.create_index(
        "ix_lumbung_session_previous_hash",
        "lumbung_session",
        ["tenant_id", "previous_hash"],
        postgresql_where=sa.text("previous_hash IS NOT NULL"),
    )


def _second_factors() -> None:
    op.create_tenant_table(
        "lumbung_totp",
        sa.Column("secret", sa.LargeBinary, nullable=False, comment="lumbung:encrypted"),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("confirmed_at", moment),
        sa.Column("last_step", sa.BigInteger),
        **OF_A_PERSON,
    )
    op.create_index(
        "uq_lumbung_totp_confirmed",
        "lumbung_totp",
        ["tenant_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_tenant_table(
        "lumbung_recovery_code",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment),
        unique=[("person_id", "code_hash")],
        **OF_A_PERSON,
    )
    op.create_tenant_table(
        "lumbung_factor_role",
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("every_time", sa.Boolean, nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("added_by", sa.String(160), nullable=False),
        unique=[("role",)],
    )


def _passkeys() -> None:
    op.create_tenant_table(
        "lumbung_passkey",
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("transports", ARRAY(sa.String(20)), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.Column("suspect_at", moment),
        unique=[("credential_id",)],
        **OF_A_PERSON,
    )
    op.create_tenant_table(
        "lumbung_passkey_challenge",
        sa.Column("challenge_hash", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("used_at", moment),
        references={"person_id?": "lumbung_person"},
        cascades=["person_id"],
        unique=[("challenge_hash",)],
    )


def downgrade() -> None:
    for table in ("passkey_challenge", "passkey", "factor_role", "recovery_code", "totp"):
        op.drop_table(f"lumbung_{table}")
    op.drop_index("ix_lumbung_session_previous_hash", "lumbung_session")
    op.execute("DELETE FROM lumbung_session WHERE pending")
    for column in ("rotated_at", "previous_hash", "rotate", "fresh_at", "second_factor_at", "pending", "method"):
        op.drop_column("lumbung_session", column)
    for table in reversed(OF_A_DEVICE):
        op.drop_index(f"ix_{table}_device_id", table)
        op.drop_constraint(f"fk_{table}_device_id", table)
        op.drop_column(table, "device_id")
    op.drop_table("lumbung_device")
