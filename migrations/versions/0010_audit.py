"""Audit: the trail is chained by hashes; who read whose personal data."""

import sqlalchemy as sa
from alembic import op

from lumbung.database.operations import enclose

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lumbung_audit_head",
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("lumbung_tenant.id", ondelete="RESTRICT"), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    enclose(op.get_bind(), "lumbung_audit_head")
    op.add_column("lumbung_audit", sa.Column("seq", sa.BigInteger))
    op.add_column("lumbung_audit", sa.Column("prev_hash", sa.LargeBinary))
    op.add_column("lumbung_audit", sa.Column("hash", sa.LargeBinary))
    for function in (FIELD, DIGEST, APPEND, SEAL, UNSEAL, SWEEP):
        op.execute(function)
    # A function is everybody's to run, and to hang on a table of one's own, unless it is taken back.
    for name in NOT_FOR_ALL:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(EXISTING)
    op.create_unique_constraint("uq_lumbung_audit_seq", "lumbung_audit", ["tenant_id", "seq"])
    op.execute(
        "CREATE TRIGGER lumbung_audit_unseal BEFORE INSERT ON lumbung_audit "
        "FOR EACH ROW EXECUTE FUNCTION lumbung_audit_unseal()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER lumbung_audit_seal AFTER INSERT ON lumbung_audit "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lumbung_audit_seal()"
    )
    op.create_tenant_table(
        "lumbung_access",
        sa.Column("at", moment, nullable=False),
        sa.Column("reader_id", sa.Uuid),
        sa.Column("reader_name", sa.String(160), nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("what", sa.String(80), nullable=False),
        sa.Column("why", sa.String(200), nullable=False, server_default=""),
        sa.Column("plugin", sa.String(40)),
        sa.Column("address", sa.String(45)),
        index=[("subject_id", "at"), ("reader_id", "at"), ("at",)],
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION lumbung_access_sweep()")
    op.drop_table("lumbung_access")
    for trigger in ("seal", "unseal"):
        op.execute(f"DROP TRIGGER lumbung_audit_{trigger} ON lumbung_audit")
    for name in reversed(NOT_FOR_ALL):
        op.execute(f"DROP FUNCTION {name}")
    op.drop_constraint("uq_lumbung_audit_seq", "lumbung_audit")
    for column in ("hash", "prev_hash", "seq"):
        op.drop_column("lumbung_audit", column)
    op.drop_table("lumbung_audit_head")


NOT_FOR_ALL = (
    "lumbung_audit_field(text)",
    "lumbung_audit_digest(lumbung_audit, bigint, bytea)",
    "lumbung_audit_append(integer, uuid)",
    "lumbung_audit_seal()",
    "lumbung_audit_unseal()",
)

# What is hashed is written down in docs/decisions/0015-audit-chain.md; lumbung.audit.chain computes the same.
FIELD = """
CREATE FUNCTION lumbung_audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN value IS NULL THEN '-' ELSE octet_length(value) || ':' || value END
"""
DIGEST = """
CREATE FUNCTION lumbung_audit_digest(entry lumbung_audit, number bigint, previous bytea) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to('lumbung-audit-1' || (
    SELECT string_agg(public.lumbung_audit_field(value), '' ORDER BY place)
    FROM unnest(ARRAY[
        entry.tenant_id::text, number::text, encode(previous, 'hex'), entry.id::text,
        (extract(epoch FROM entry.at) * 1000000)::bigint::text, entry.plugin::text, entry.person_id::text,
        entry.person_name::text, entry.action::text, entry.thing::text, entry.detail::text, entry.address::text,
        entry.about::text
    ]) WITH ORDINALITY AS fields(value, place)
), 'UTF8')) $$
"""
APPEND = """
CREATE FUNCTION lumbung_audit_append(tenant integer, entry_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry public.lumbung_audit;
    head public.lumbung_audit_head;
    sealed bytea;
BEGIN
    SELECT * INTO head FROM public.lumbung_audit_head h WHERE h.tenant_id = tenant FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO public.lumbung_audit_head (tenant_id, seq, hash, at)
            VALUES (tenant, 0, decode(repeat('00', 32), 'hex'), now()) ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT head FROM public.lumbung_audit_head h WHERE h.tenant_id = tenant FOR UPDATE;
    END IF;
    SELECT * INTO entry FROM public.lumbung_audit a WHERE a.tenant_id = tenant AND a.id = entry_id AND a.seq IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    sealed := public.lumbung_audit_digest(entry, head.seq + 1, head.hash);
    UPDATE public.lumbung_audit a SET seq = head.seq + 1, prev_hash = head.hash, hash = sealed
        WHERE a.tenant_id = tenant AND a.id = entry_id;
    UPDATE public.lumbung_audit_head h SET seq = head.seq + 1, hash = sealed, at = entry.at WHERE h.tenant_id = tenant;
END $$
"""
# At commit: the head of the chain is locked for a moment only, and after all else that the transaction locks.
SEAL = """
CREATE FUNCTION lumbung_audit_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'public.lumbung_audit'::regclass THEN
        RAISE EXCEPTION 'lumbung_audit_seal belongs to lumbung_audit alone';
    END IF;
    PERFORM public.lumbung_audit_append(NEW.tenant_id, NEW.id);
    RETURN NULL;
END $$
"""
UNSEAL = """
CREATE FUNCTION lumbung_audit_unseal() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.seq := NULL;
    NEW.prev_hash := NULL;
    NEW.hash := NULL;
    RETURN NEW;
END $$
"""
EXISTING = """
DO $$
DECLARE
    old record;
BEGIN
    FOR old IN SELECT tenant_id, id FROM public.lumbung_audit ORDER BY tenant_id, at, id LOOP
        PERFORM public.lumbung_audit_append(old.tenant_id, old.id);
    END LOOP;
END $$
"""
# The pages' role may not delete from the access log. What it may ask for is that what is over five years old goes:
# the age stands here and not in an argument.
SWEEP = """
CREATE FUNCTION lumbung_access_sweep() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM public.lumbung_access
        WHERE tenant_id = NULLIF(current_setting('lumbung.tenant', true), '')::integer
          AND at < now() - interval '5 years';
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$
"""
