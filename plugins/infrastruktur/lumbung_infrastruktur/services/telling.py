"""Who hears what becomes of a report: its reporter, those who support it, and the office when it cannot wait.

Who has an account is told in the portal, who left an address gets a letter. Neither names the reporter; the place, the
photo and whatever else was reported stay on the page that the message leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import Bilingual, current_person, notify, people, post_letter, session

from ..models import Destination, Report, Support
from ..words import both
from .moving import category_name, joined

LONGEST = 1500
WORK, RECAP, VERIFY = "infrastruktur.work", "infrastruktur.recap", "infrastruktur.verify"


@dataclass(frozen=True)
class Follower:
    """Somebody who hears of a report, and the page they are led to."""

    person_id: UUID | None
    email: str
    language: str
    path: str


def made(report: Report) -> None:
    """The reporter left an address: they get the link to their own page, the only key to it."""
    if report.reporter_email:
        _write(
            report.reporter_email,
            both("Laporan Anda %(number)s sudah kami terima", number=report.number),
            both(
                "Terima kasih. Lewat tautan ini Anda dapat mengikuti laporan %(number)s (%(category)s), menambah foto, "
                "dan menilai hasilnya. Simpan tautannya; jangan bagikan kepada orang lain.",
                number=report.number,
                category=category_name(report),
            ),
            own_page(report),
            language=report.language,
        )


def changed(report: Report, title: Bilingual, text: Bilingual, *, supporters: bool = True) -> int:
    """Tell everybody who follows a report, each once, but for who did it themself; return how many."""
    return tell(followers(report, supporters=supporters), title, text)


def tell(whom: Iterable[Follower], title: Bilingual, text: Bilingual) -> int:
    """Tell followers something; return how many were."""
    actor = current_person()
    text = Bilingual(_short(text.id), _short(text.en))
    count = 0
    for one in whom:
        if one.person_id is not None:
            if actor is None or actor.id != one.person_id:
                notify(one.person_id, title, text, one.path)
                count += 1
        elif _write(one.email, title, text, one.path, language=one.language):
            count += 1
    return count


def followers(report: Report, *, supporters: bool = True) -> Iterator[Follower]:
    """Who follows a report, nobody twice: the reporter first, then supporters as long as everybody may see it."""
    seen: set[UUID | str] = set()
    if report.person_id or report.reporter_email:
        reporter = Follower(report.person_id, report.reporter_email or "", report.language, own_page(report))
        seen.add(_who(reporter))
        yield reporter
    if not supporters or report.visibility != "public":
        return
    query = select(Support).where(Support.report_id == report.id).order_by(Support.at)
    for support in session.scalars(query):
        if not (support.person_id or support.email):
            continue
        path = public_page(report) if support.person_id else support_page(support)
        one = Follower(support.person_id, support.email or "", support.language, path)
        if _who(one) not in seen:
            seen.add(_who(one))
            yield one


def office(people_ids: Iterable[UUID], title: Bilingual, text: Bilingual, path: str) -> int:
    """Tell officers something that cannot wait until they look; return how many."""
    whom = dict.fromkeys(people_ids)
    return tell((Follower(person_id, "", "id", path) for person_id in whom), title, text)


def unit_officers(report: Report) -> list[UUID]:
    """Who handles the reports of its unit; while it has none, who checks new ones."""
    if report.unit_id is None:
        return [one.id for one in people.with_permission(VERIFY)]
    return [one.id for one in people.with_permission(WORK, unit=report.unit_id)]


def outside(report: Report, destination: Destination, note: str) -> bool:
    """Write to the authority that a report was forwarded to; False when it has no address or the site no mail."""
    if not destination.email or report.visibility != "public":
        return False
    return _write(
        destination.email,
        both("Penerusan laporan %(number)s: %(category)s", number=report.number, category=category_name(report)),
        joined(
            both(
                "Laporan warga ini menyangkut kewenangan instansi Anda. Tempat, foto, dan keterangannya ada di halaman "
                "laporan."
            ),
            _short(note),
        ),
        public_page(report),
        name=destination.name,
    )


def own_page(report: Report) -> str:
    """The path of the reporter's own page."""
    return f"/infrastruktur/ikuti/{report.token}"


def public_page(report: Report) -> str:
    """The path of the page that everybody sees."""
    return f"/infrastruktur/laporan/{report.number}"


def support_page(support: Support) -> str:
    """The path of the page of somebody who follows by e-mail: it also ends that."""
    return f"/infrastruktur/ikuti/dukungan/{support.token}"


def desk_page(report: Report) -> str:
    """The path of the page at the desk."""
    return f"/infrastruktur/petugas/laporan/{report.id}"


def _write(to: str, title: Bilingual, text: Bilingual, path: str, *, language: str = "id", name: str = "") -> bool:
    """Post a letter; an address that is none, as an import may bring it, is no reason to undo what it tells of."""
    try:
        return post_letter(to, title, text, path, language=language, name=name)
    except ValueError:
        return False


def _who(one: Follower) -> UUID | str:
    return one.person_id or one.email.lower()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
