"""A report that a program sends: its form read strictly, then made like any other."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from werkzeug.datastructures import FileStorage, MultiDict

from lumbung.sdk import (
    DomainError,
    Picture,
    current_tenant,
    find_region,
    language,
    read_picture,
    session,
    villages,
)

from ..models import LONGEST_TEXT, ApiKey, Category, Report
from ..rules.georeport import Refusal
from ..rules.plain_text import one_line, plain
from ..words import _
from . import media, open311
from .reporting import NewReport, Reporter, by_source, make_report

MOST_PICTURES = 5
LONGEST_SOURCE = 200
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,40})\](?:\[\])?")


@dataclass(frozen=True)
class Where:
    """Where the damage is, as a program said it."""

    lat: float | None = None
    lon: float | None = None
    village_code: str = ""
    address: str = ""

    @property
    def place_from(self) -> str:
        """How the place was said."""
        return "map" if self.lat is not None else "village" if self.village_code else "address"


def post(
    form: MultiDict[str, str], files: MultiDict[str, FileStorage], key: ApiKey, *, client_id: str = ""
) -> tuple[Report, bool]:
    """Make a report of a form; return it, and whether it is new: with the same ``client_id`` it is made once.

    Raises `Refusal` for a form that cannot be read, `DomainError` for what a rule of the office says no to.
    """
    source_key = _source_key(key, client_id)
    if client_id and (known := by_source(source_key)):
        return known, False
    category = _category(form)
    place = _where(form)
    urls = _media_urls(form)
    report = make_report(
        NewReport(
            category=category,
            description=_description(form),
            lat=place.lat,
            lon=place.lon,
            place_from=place.place_from,
            village_code=place.village_code,
            address=place.address,
            answers=_answers(category, form),
            photos=_pictures(files),
            photos_follow=bool(urls),
            reporter=_reporter(form),
            channel="open311",
            language=language(),
            source_key=source_key,
        )
    )
    session.flush()
    media.fetch_later(report, urls)
    return report, True


def _source_key(key: ApiKey, client_id: str) -> str:
    found = f"open311:{key.id}:{client_id or uuid4().hex}"
    if len(found) <= LONGEST_SOURCE:
        return found
    return f"open311:{key.id}:sha256:{hashlib.sha256(client_id.encode()).hexdigest()}"


def _category(form: Mapping[str, str]) -> Category:
    code = form.get("service_code", "").strip()
    if not code:
        raise Refusal(400, _("service_code belum diisi."))
    found = open311.category(code)
    if found is None:
        raise Refusal(404, _("service_code %(code)s tidak ada di sini.", code=code[:40]))
    return found


def _description(form: Mapping[str, str]) -> str:
    text = form.get("description", "")
    if len(text) > LONGEST_TEXT:
        raise Refusal(400, _("description paling panjang %(longest)s huruf.", longest=LONGEST_TEXT))
    return plain(text)


def _where(form: Mapping[str, str]) -> Where:
    lat, lon = _degrees(form, "lat", 90), _degrees(form, "long", 180)
    address, village_code = one_line(form.get("address_string", ""), 300), form.get("address_id", "").strip()
    if (lat is None) != (lon is None):
        raise Refusal(400, _("lat dan long dikirim berdua."))
    if village_code:
        _refuse_other_village(village_code)
    elif lat is None and not address:
        raise Refusal(400, _("Tempatnya belum ada: kirim lat dan long, address_id, atau address_string."))
    elif lat is None:
        village_code = village_in(address)
    return Where(lat, lon, village_code, address)


def _refuse_other_village(code: str) -> None:
    region = current_tenant().region_code or ""
    found = find_region(code) if len(code) == 13 else None
    if found is None or not code.startswith(f"{region}." if region else ""):
        raise Refusal(400, _("address_id %(code)s bukan kode desa atau kelurahan di sini.", code=code[:20]))


def village_in(address: str) -> str:
    """Return the code of the one village that an address names, empty when it names none, or could mean several."""
    text = " ".join(re.findall(r"[^\W_]+", address.lower()))
    named, mentioned = [], []
    for village in villages(current_tenant().region_code or "") if current_tenant().region_code else ():
        name = re.escape(" ".join(re.findall(r"[^\W_]+", village.name.lower())))
        if re.search(rf"\b(?:desa|ds|kelurahan|kel) {name}\b", text):
            named.append(village.code)
        elif re.search(rf"\b{name}\b", text):
            mentioned.append(village.code)
    found = named or mentioned
    return found[0] if len(found) == 1 else ""


def _degrees(form: Mapping[str, str], name: str, most: int) -> float | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not abs(found) <= most:  # not a number is not either
        raise Refusal(400, _("%(name)s adalah derajat antara -%(most)s dan %(most)s.", name=name, most=most))
    return found


def _answers(category: Category, form: MultiDict[str, str]) -> dict[str, Any]:
    """The attributes that are asked for here; others, which some programs send along, are left out."""
    questions = {question.code: question for question in category.questions if question.variable}
    found: dict[str, Any] = {}
    for name, values in form.lists():
        match = _ATTRIBUTE.fullmatch(name)
        question = questions.get(match[1]) if match else None
        given = [text for value in values if (text := plain(value))]
        if question and given:
            found[question.code] = given if question.datatype == "multivaluelist" else given[-1]
    return found


def _reporter(form: Mapping[str, str]) -> Reporter:
    names = (one_line(form.get(name, ""), 60) for name in ("first_name", "last_name"))
    return Reporter(
        name=" ".join(filter(None, names)), email=form.get("email", "").strip(), phone=form.get("phone", "").strip()
    )


def _media_urls(form: MultiDict[str, str]) -> list[str]:
    given = [url.strip() for name in ("media_url", "media_url[]") for url in form.getlist(name)]
    return media.usable(given)


def _pictures(files: MultiDict[str, FileStorage]) -> list[Picture]:
    """Pictures that come with the form (an extension of several cities): ``media``, ``media[]``."""
    given = [file for name in ("media", "media[]") for file in files.getlist(name) if file.filename]
    if len(given) > MOST_PICTURES:
        raise DomainError(_("Paling banyak %(count)s foto.", count=MOST_PICTURES))
    return [read_picture(file.stream) for file in given]
