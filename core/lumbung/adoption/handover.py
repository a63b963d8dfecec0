"""README.md and HANDOVER.md of an adopted application: what it is, what was worked out, what is still to be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lumbung.adoption.finding import Finding, Severity
from lumbung.adoption.plan import Plan
from lumbung.adoption.receiving import Received
from lumbung.adoption.seen import Survey
from lumbung.adoption.sentences import both
from lumbung.bilingual import LANGUAGES, Bilingual
from lumbung.clock import utc_now

_OPEN = (Severity.BAD, Severity.WARNING)


def readme_text(plan: Plan, seen: Survey, found: list[Finding]) -> str:
    """Return README.md: Indonesian first, English below."""
    return f"# {plan['title']}\n\n" + "\n---\n\n".join(
        "\n".join(_readme(plan, seen, found, language)).rstrip() + "\n" for language in LANGUAGES
    )


def _readme(plan: Plan, seen: Survey, found: list[Finding], language: str) -> Iterator[str]:
    def say(text: Bilingual) -> str:
        return text(language)

    kind = "PHP" if seen.framework == "plain" else seen.framework.title() or seen.stack
    stack = " ".join(one for one in (kind, seen.version.lstrip("=")) if one)
    yield say(
        both(
            "Aplikasi hibah dari %(donor)s (%(stack)s), lisensi %(licence)s.",
            donor=plan["donor"],
            stack=stack,
            licence=plan["licence"],
        )
    )
    yield say(
        both(
            "Yang diterima ada di `lumbung_%(name)s/source`, tidak diubah satu byte pun; cara menjalankannya ada di "
            "`lumbung_%(name)s/plugin.toml`.",
            name=plan["name"],
        )
    )
    yield ""
    yield "## " + say(both("Yang masih harus diputuskan"))
    yield ""
    still = [one for one in found if one.severity in _OPEN]
    for one in still:
        more = say(both(" dan %(more)s tempat lain", more=one.more)) if one.more else ""
        where = f" (`{one.where}`{more})" if one.where else ""
        yield f"- [ ] {say(one.what)}{where} {say(one.do)}"
    if not still:
        yield say(both("Tidak ada yang ditemukan."))
    yield ""
    yield "## " + say(both("Yang dikira-kira"))
    yield ""
    yield say(both("Ini disimpulkan dari kodenya, bukan diketahui. Periksa, lalu betulkan di plugin.toml bila keliru."))
    yield ""
    for guess in plan.guesses:
        yield f"- `{guess.key}` = `{guess.value or '-'}`: {say(guess.why)}"
    for key, why in plan.because.items():
        yield f"- `{key}`: {say(why)}"
    yield ""
    notes = [one for one in found if one.severity is Severity.NOTE]
    yield "## " + say(both("Baik untuk diketahui"))
    yield ""
    for one in notes:
        yield f"- {say(one.what)}{f' (`{one.where}`)' if one.where else ''} {say(one.do)}"


def handover_text(plan: Plan, received: Received, found: list[Finding]) -> str:
    """Return HANDOVER.md: what was received, by which anyone can tell later that it is still the same."""
    counts = Counter(one.severity for one in found)
    rows = {
        both("Nama"): plan["name"],
        both("Penyumbang"): plan["donor"],
        both("Diserahkan sebagai"): f"{received.given} ({received.kind})",
        both("Commit"): received.commit or "-",
        both("Waktu penerimaan"): f"{utc_now():%Y-%m-%d %H:%M} UTC",
        both("Berkas"): str(received.files),
        both("Ukuran (byte)"): str(received.size),
        both("SHA-256 seluruh pohon"): f"`{received.hash}`",
        both("Tidak dibawa"): str(len(received.left_out)),
        both("Temuan"): ", ".join(f"{counts[one]} {one.value}" for one in Severity),
    }
    lines = [
        f"# {plan['title']}",
        "",
        both("Serah terima").id + " / " + both("Serah terima").en,
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [f"| {name.id} / {name.en} | {value} |" for name, value in rows.items()]
    how = both("Sidik pohon adalah SHA-256 dari baris `<sha256 berkas>  <jalur>` setiap berkas, urut menurut jalur.")
    lines += ["", how.id, "", how.en]
    if received.left_out:
        lines += ["", *(f"- `{path}`: {why}" for path, why in sorted(received.left_out.items())[:200])]
    return "\n".join(lines) + "\n"
