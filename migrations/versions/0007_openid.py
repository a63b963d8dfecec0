"""OpenID provider: clients, keys, codes, tokens, consents of applications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
CLIENT_AND_PERSON = {
    "references": {"client_id": "lumbung_openid_client", "person_id": "lumbung_person"},
    "cascades": ["client_id", "person_id"],
}


def upgrade() -> None:
    op.create_tenant_table(
        "lumbung_openid_client",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("plugin", sa.String(40)),
        sa.Column("sector", sa.String(60), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary),
        sa.Column("secret", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("redirect_uris", ARRAY(sa.Text), nullable=False),
        sa.Column("post_logout_uris", ARRAY(sa.Text), nullable=False),
        sa.Column("scopes", ARRAY(sa.String(40)), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("kind IN ('web', 'native', 'plugin')", name="openid_client_kind"),
        sa.CheckConstraint("(kind = 'plugin') = (plugin IS NOT NULL)", name="openid_client_plugin"),
        sa.CheckConstraint("(kind = 'native') = (secret_hash IS NULL)", name="openid_client_secret"),
        unique=[("code",), ("plugin",)],
    )
    op.create_tenant_table(
        "lumbung_openid_key",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("public", JSONB, nullable=False),
        sa.Column("private", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("activated_at", moment),
        sa.Column("retired_at", moment),
        sa.CheckConstraint("state IN ('next', 'active', 'retired')", name="openid_key_state"),
        unique=[("kid",)],
    )
    op.create_index(
        "uq_lumbung_openid_key_state",
        "lumbung_openid_key",
        ["tenant_id", "state"],
        unique=True,
        postgresql_where=sa.text("state <> 'retired'"),
    )
    _tokens()
    _ended_with_the_account()


def _tokens() -> None:
    op.create_tenant_table(
        "lumbung_openid_consent",
        sa.Column("scopes", ARRAY(sa.String(40)), nullable=False),
        sa.Column("given_at", moment, nullable=False),
        unique=[("person_id", "client_id")],
        **CLIENT_AND_PERSON,
    )
    op.create_tenant_table(
        "lumbung_openid_code",
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.String(40)), nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("challenge", sa.String(128), nullable=False),
        sa.Column("auth_time", moment, nullable=False),
        sa.Column("amr", ARRAY(sa.String(10)), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment),
        unique=[("code_hash",)],
        references={**CLIENT_AND_PERSON["references"], "session_id": "lumbung_session"},
        cascades=["client_id", "person_id", "session_id"],
    )
    op.create_tenant_table(
        "lumbung_openid_token",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.Uuid, nullable=False),
        sa.Column("scopes", ARRAY(sa.String(40)), nullable=False),
        sa.Column("auth_time", moment, nullable=False),
        sa.Column("amr", ARRAY(sa.String(10)), nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("used_at", moment),
        sa.Column("revoked_at", moment),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name="openid_token_kind"),
        unique=[("token_hash",)],
        references={**CLIENT_AND_PERSON["references"], "session_id?": "lumbung_session"},
        cascades=["client_id", "person_id", "session_id"],
        index=[("family",), ("expires_at",)],
    )


def _ended_with_the_account() -> None:
    """Closing an account and a new password end its tokens here, so that no way to do either can forget it."""
    op.execute(
        """
        CREATE FUNCTION lumbung_openid_end_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            LOOP -- while one was waited for, another may have been given in its place
                UPDATE lumbung_openid_token SET revoked_at = now()
                WHERE tenant_id = NEW.tenant_id AND person_id = NEW.id AND revoked_at IS NULL;
                EXIT WHEN NOT FOUND;
            END LOOP;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER openid_end_tokens AFTER UPDATE OF active, password_hash ON lumbung_person FOR EACH ROW
        WHEN (OLD.active AND NOT NEW.active OR OLD.password_hash IS DISTINCT FROM NEW.password_hash)
        EXECUTE FUNCTION lumbung_openid_end_tokens()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER openid_end_tokens ON lumbung_person")
    op.execute("DROP FUNCTION lumbung_openid_end_tokens()")
    for table in ("token", "code", "consent", "key", "client"):
        op.drop_table(f"lumbung_openid_{table}")
