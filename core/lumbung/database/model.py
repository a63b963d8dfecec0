"""What makes a model tenant-owned. One line for the author of a plugin::

    class Model(TenantOwned, DeclarativeBase): ...

    class Location(Model):
        __tablename__ = "antrean_location"
        name: Mapped[str]

    class Counter(Model):
        __tablename__ = "antrean_counter"
        location_id: Mapped[UUID] = belongs_to("antrean_location")
        location: Mapped[Location] = relationship()

Every such table has ``tenant_id`` in its primary key; `belongs_to` makes the composite foreign key
``(tenant_id, location_id)``, so that a row of one tenant cannot point at another's; relationships join on the
id alone, so that SQLAlchemy has nothing to warn about.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Table, Uuid, text
from sqlalchemy.orm import Mapped, MappedColumn, Relationship, mapped_column

CURRENT_TENANT = "NULLIF(current_setting('lumbung.tenant', true), '')::integer"

# The core's tables that a plugin may point at. Anything else of the core is reached through the SDK.
PUBLIC_CORE_TABLES = ("lumbung_person", "lumbung_unit")

_MARK = "lumbung.belongs_to"
CORE = "lumbung.core"  # marks the metadata that declares those tables itself, and stand-ins for them elsewhere


class WrongTenant(RuntimeError):
    """A row of another tenant was about to be written. This is a programming error, never a user's."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} carries the id of another tenant; rows are written for the current one only.")


def belongs_to(table: str, *, ondelete: str = "RESTRICT", **column: Any) -> MappedColumn[Any]:
    """Return a column that holds the ``id`` of a row in ``table`` of the same tenant.

    ``ondelete`` is RESTRICT or CASCADE; SET NULL is refused since it would empty ``tenant_id`` as well.
    Other keywords go to `mapped_column`. Use ``Mapped[UUID | None]`` for an optional reference.
    """
    if ondelete not in ("RESTRICT", "CASCADE", "NO ACTION"):
        raise ValueError(f"belongs_to({table!r}): ondelete must be RESTRICT or CASCADE, not {ondelete}")
    return mapped_column(Uuid, info={_MARK: (table, ondelete)}, **column)


class TenantOwned:
    """Mixin of every table that holds a tenant's data: composite key, composite references, row-level security."""

    __abstract__: ClassVar[bool] = True
    metadata: ClassVar[MetaData]

    tenant_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, server_default=text(CURRENT_TENANT), sort_order=-2
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4, sort_order=-1)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        _join_on_the_id_alone(cls)
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if isinstance(table, Table):
            _add_composite_keys(table)


def _add_composite_keys(table: Table) -> None:
    for column in references(table):
        target, ondelete = column.info[_MARK]
        known = target in table.metadata.tables or CORE in table.metadata.info
        if target in PUBLIC_CORE_TABLES and not known:
            _declare_core_table(target, table.metadata)
        table.append_constraint(
            ForeignKeyConstraint(
                ["tenant_id", column.name],
                [f"{target}.tenant_id", f"{target}.id"],
                name=f"fk_{table.name}_{column.name}"[:63],
                ondelete=ondelete,
            )
        )


def _declare_core_table(name: str, metadata: MetaData) -> None:
    """Let a plugin's metadata know that a core table has a key, without importing the core's models."""
    Table(
        name,
        metadata,
        Column("tenant_id", Integer, primary_key=True),
        Column("id", Uuid, primary_key=True),
        info={CORE: True},
    )


def references(table: Table) -> list[Column[Any]]:
    """Return the columns of ``table`` made by `belongs_to`."""
    return [column for column in table.columns if _MARK in column.info]


def _join_on_the_id_alone(cls: type[TenantOwned]) -> None:
    """Tell each plain relationship of a new model to look only at `belongs_to` columns.

    The composite key would make SQLAlchemy copy ``tenant_id`` along every relationship and warn that they
    overlap. ``foreign_keys`` is the public argument for this; a relationship that names its own is left alone.
    SQLAlchemy offers no public way to fill it in afterwards, hence the one private attribute.
    """
    for relation in cls.__dict__.values():
        if isinstance(relation, Relationship):
            given = relation._init_args
            if given.foreign_keys.argument is None and given.primaryjoin.argument is None:
                given.foreign_keys.argument = partial(_all_references, cls)


def _all_references(cls: type[TenantOwned]) -> list[Column[Any]]:
    return [column for table in cls.metadata.tables.values() for column in references(table)]
