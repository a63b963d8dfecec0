"""People: citizens, civil servants and contributors; what is known of each, and what of it was verified."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("lumbung_person", sa.Column("kind", sa.String(12), nullable=False, server_default="citizen"))
    op.execute(
        "UPDATE lumbung_person p SET kind = 'servant' WHERE p.operator OR EXISTS "
        "(SELECT 1 FROM lumbung_grant g WHERE g.tenant_id = p.tenant_id AND g.person_id = p.id)"
    )
    op.create_check_constraint("person_kind", "lumbung_person", "kind IN ('citizen', 'servant', 'contributor')")
    op.add_column("lumbung_person", sa.Column("email_verified_at", moment))
    op.add_column("lumbung_person", sa.Column("phone_verified_at", moment))
    op.add_column("lumbung_person", sa.Column("nip", sa.String(18)))
    op.create_check_constraint("person_nip", "lumbung_person", "nip ~ '^[0-9]{18}$'")
    op.create_unique_constraint("uq_lumbung_person_nip", "lumbung_person", ["tenant_id", "nip"])
    op.add_column("lumbung_person", sa.Column("position", sa.String(160)))
    op.add_column("lumbung_person", sa.Column("unit_id", sa.Uuid))
    op.create_foreign_key(
        "fk_lumbung_person_unit_id",
        "lumbung_person",
        "lumbung_unit",
        ["tenant_id", "unit_id"],
        ["tenant_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index("ix_lumbung_person_unit_id", "lumbung_person", ["tenant_id", "unit_id"])
    op.add_column("lumbung_person", sa.Column("erased_at", moment))
    op.add_column("lumbung_person", sa.Column("nik", sa.LargeBinary, comment="lumbung:encrypted"))
    op.add_column("lumbung_person", sa.Column("nik_index", sa.LargeBinary))
    op.add_column("lumbung_person", sa.Column("nik_set_at", moment))
    op.create_check_constraint(
        "person_nik", "lumbung_person", "(nik IS NULL) = (nik_index IS NULL) AND (nik IS NULL) = (nik_set_at IS NULL)"
    )
    op.create_unique_constraint("uq_lumbung_person_nik_index", "lumbung_person", ["tenant_id", "nik_index"])


def downgrade() -> None:
    op.drop_constraint("uq_lumbung_person_nik_index", "lumbung_person")
    op.drop_constraint("person_nik", "lumbung_person")
    op.drop_index("ix_lumbung_person_unit_id", "lumbung_person")
    op.drop_constraint("fk_lumbung_person_unit_id", "lumbung_person")
    op.drop_constraint("uq_lumbung_person_nip", "lumbung_person")
    for column in (
        "nik_set_at",
        "nik_index",
        "nik",
        "erased_at",
        "unit_id",
        "position",
        "nip",
        "phone_verified_at",
        "email_verified_at",
        "kind",
    ):
        op.drop_column("lumbung_person", column)
