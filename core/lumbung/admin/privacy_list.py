"""The list of requests of data subjects, and the words in which its pages speak of them."""

from __future__ import annotations

from sqlalchemy import func, select

from lumbung.context import current_scope
from lumbung.privacy import clocks, letters, requests
from lumbung.privacy.models import DataRequest
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing

_ = core_domain.gettext


def requests_listing() -> Listing:
    """Return the requests as this page asks for them."""
    return Listing(
        query=select(DataRequest),
        columns=[
            ListColumn("nomor", _("Nomor"), value=clocks.code_of, sort=DataRequest.number),
            ListColumn("jenis", _("Permintaan"), value=lambda row: requests.kind_title(row.kind)(language()), width=48),
            ListColumn("pemohon", _("Pemohon"), value=applicant_of),
            ListColumn("keadaan", _("Keadaan"), value=lambda row: requests.state_title(row.state)(language())),
            ListColumn("diterima", _("Diterima"), kind="datetime", value=lambda row: row.received_at,
                       sort=DataRequest.received_at, shown=False),
            ListColumn("batas", _("Batas waktu"), kind="datetime", value=lambda row: row.due_at,
                       sort=DataRequest.due_at),
            ListColumn("selesai", _("Selesai"), kind="datetime", value=lambda row: row.ended_at,
                       sort=DataRequest.ended_at, shown=False),
        ],
        name="permintaan-data",
        title=_("Permintaan data pribadi"),
        noun=_("permintaan"),
        default_sort="batas",
        search=[],
        filters=[_state_filter(), _kind_filter()],
    )  # fmt: skip


def applicant_of(row: DataRequest) -> str:
    """Return who asks: the account's name, or the name that an officer wrote down."""
    return row.person.name if row.person else row.applicant or str(_("(dihapus)"))


def words() -> dict[str, object]:
    """Return what the pages of the desk say about requests."""
    return {
        "code_of": clocks.code_of,
        "applicant_of": applicant_of,
        "kind_title": lambda kind: requests.kind_title(kind)(language()),
        "state_title": lambda state: requests.state_title(state)(language()),
        "how_title": lambda how: letters.how_title(how)(language()),
        "left_in_words": lambda due: clocks.left_in_words(due)(language()),
        "tone_of": clocks.tone_of,
        "is_open": lambda row: row.state in clocks.OPEN,
    }


def _state_filter() -> ChoiceFilter:
    counted = select(DataRequest.state, func.count().label("number")).group_by(DataRequest.state)
    counts = {row.state: row.number for row in current_scope().session.execute(counted)}
    ended = [(state, requests.state_title(state)(language())) for state in requests.STATES if state not in clocks.OPEN]
    return ChoiceFilter(
        "keadaan",
        _("Keadaan"),
        [("open", str(_("Belum dijawab"))), *ended],
        requests.states,
        tabs=True,
        counts={
            "open": sum(counts.get(state, 0) for state in clocks.OPEN),
            **{state: counts.get(state, 0) for state, _title in ended},
        },
    )


def _kind_filter() -> ChoiceFilter:
    kinds = [(kind, requests.kind_title(kind)(language())) for kind in requests.KINDS]
    return ChoiceFilter("jenis", _("Permintaan"), kinds, lambda kind: DataRequest.kind == kind)
