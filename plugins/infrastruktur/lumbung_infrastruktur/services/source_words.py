"""What the last fetching of a source came to, in words, in the language of whoever reads it."""

from __future__ import annotations

from ..models import Source
from ..words import _, _l
from . import sources
from .source_taking import CLOSED_THERE, ENDED, KNOWN, OUTSIDE, PLACELESS, REFUSED, TAKEN, UNMAPPED

SENTENCES = {
    TAKEN: _l("%(count)s laporan diambil."),
    CLOSED_THERE: _l("%(count)s sudah ditutup di sana; dicatat di sini."),
    KNOWN: _l("%(count)s sudah ada di sini."),
    ENDED: _l("%(count)s sudah selesai sebelum sempat diambil."),
    OUTSIDE: _l("%(count)s di luar daerah, tidak diambil."),
    PLACELESS: _l("%(count)s tanpa tempat, tidak diambil."),
    UNMAPPED: _l("%(count)s jenisnya tidak dipadankan, tidak diambil."),
    REFUSED: _l("%(count)s tidak dapat diterima."),
}


def words(source: Source) -> list[str]:
    """Return a sentence for each thing that is worth saying; empty before the first time."""
    told = sources.outcome(source)
    found = [_problem(str(told["problem"]), str(told.get("detail", "")))] if told.get("problem") else []
    if "services" in told and not told.get("problem"):
        found.append(_("%(count)s jenis layanan dibaca.", count=told["services"]))
    for name, sentence in SENTENCES.items():
        count = told.get(name, 0)
        if isinstance(count, int) and count:
            found.append(str(sentence) % {"count": count})
    if told and not found:
        found.append(_("Tidak ada laporan baru."))
    return found


def is_problem(source: Source) -> bool:
    """Whether the last fetching failed."""
    return bool(sources.outcome(source).get("problem"))


def _problem(why: str, detail: str) -> str:
    if why == "refused":
        return _(
            "%(host)s tidak ditanya: alamatnya harus https dan bukan di jaringan dalam. Pengelola situs dapat "
            "mengizinkannya dengan outgoing_private.",
            host=detail,
        )
    if why == "unreachable":
        return _("%(host)s tidak menjawab, mengalihkan ke alamat lain, atau menjawab terlalu panjang.", host=detail)
    if why == "error":
        return _("Server itu menolak: %(detail)s", detail=detail)
    if why == "busy":
        return _("Server itu hanya memberi sedikit sekali setiap kali; sisanya diambil berikutnya.")
    return _("Jawaban server itu bukan Open311 GeoReport v2.")
