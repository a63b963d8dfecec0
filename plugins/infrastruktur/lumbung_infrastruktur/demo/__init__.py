"""Sample data for Kabupaten Sumbawa: real places and kinds of damage, invented reports. Harmless to repeat."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.sdk import Demo, session

from ..models import Asset, Category, Crew, Destination, Report, Route


def load(demo: Demo) -> None:
    """Set the office up once, fill its register and ten months of reports once."""
    demo.run_by("PUPR")
    demo.grant("laporan@sumbawa.example", "infrastruktur.verifier")
    demo.grant("jalan@sumbawa.example", "infrastruktur.supervisor", "PUPR")
    demo.grant("regu@sumbawa.example", "infrastruktur.crew", "BINA-MARGA")
    demo.grant("lampu@sumbawa.example", "infrastruktur.supervisor", "DISHUB")
    if not _any(Category):
        _set_up(demo)
    if not _any(Asset):
        from .register import fill_register

        fill_register(demo)
    if not _any(Report):
        from .history import fill_history
        from .today import fill_today

        fill_history(demo)
        fill_today(demo)


def _set_up(demo: Demo) -> None:
    """The first categories, each with the unit that answers for it, those outside, and who answers for what."""
    from ..services.starter import load_starter

    load_starter()
    unit_of = {"pju": "DISHUB", "rambu": "DISHUB", "pohon": "DLH"}
    for category in session.scalars(select(Category)):
        category.unit_id = demo.unit(unit_of.get(category.group, "PUPR"))
    nation = Destination(
        authority="nasional", name="Balai Pelaksanaan Jalan Nasional NTB", email="bpjn-ntb@contoh.example"
    )
    province = Destination(authority="provinsi", name="Dinas PUPR Provinsi NTB", email="pupr-ntb@contoh.example")
    village = Destination(authority="desa", name="Pemerintah desa setempat")
    session.add_all([nation, province, village])
    session.flush()
    session.add_all(
        [
            Route(position=1, road_owner="nasional", authority="nasional", destination_id=nation.id),
            Route(position=2, road_owner="provinsi", authority="provinsi", destination_id=province.id),
            Route(position=3, road_owner="desa", authority="desa", destination_id=village.id),
            Route(position=4, group="pju", authority="kabupaten", unit_id=demo.unit("DISHUB")),
            Route(position=5, group="pohon", authority="kabupaten", unit_id=demo.unit("DLH")),
        ]
    )
    session.add_all(
        [
            Crew(
                name="Regu Jalan 1",
                unit_id=demo.unit("BINA-MARGA"),
                leader_id=demo.person("regu@sumbawa.example"),
                phone="+6281237009901",
                members="Burhanuddin Tayeb\nMuhlis Umar\nSupriadi\nM. Saleh Latief",
            ),
            Crew(name="Regu PJU", unit_id=demo.unit("DISHUB"), members="Zainuddin Yakub\nAmiruddin Salim"),
        ]
    )
    session.flush()


def _any(model: type[Asset] | type[Category] | type[Report]) -> bool:
    return session.scalar(select(model.id).limit(1)) is not None
