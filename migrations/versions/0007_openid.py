"""OpenID provider: clients, keys, codes, tokens, consents of applications."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.get_bind()


def downgrade() -> None:
    op.get_bind()
