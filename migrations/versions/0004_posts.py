"""Posts: invitations and other letters with a secret link, hand-overs, who held which role when."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.get_bind()


def downgrade() -> None:
    op.get_bind()
