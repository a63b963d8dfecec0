"""OpenID client: identities of an upstream provider and whose they are here."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.get_bind()


def downgrade() -> None:
    op.get_bind()
