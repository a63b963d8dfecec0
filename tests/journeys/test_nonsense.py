"""No form of any page breaks: NUL, lone surrogates, a million letters, targets elsewhere, digits of other alphabets."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.prober import Form, Prober, take_apart

MORNING = "2026-11-24T08:05+08:00"
NONSENSE = {
    "NUL": "a\x00b",
    "surrogate": b"a\xed\xa0\x80b",
    "a million letters": "x" * 1_000_000,
    "elsewhere": "//evil.example/a",
    "script": "javascript:alert(1)",
    "markup": "<b>'\"{{7*7}}%s{0}",
    "other digits": "٢٠٢٦-٩٩-٩٩",
    "minus": "-1",
    "large": "9" * 40,
}
LEAVES = ("/keluar", "/openid/keluar", "/admin/faktor-kedua/")  # afterwards, nothing else would open
WHO = {"visitor": None, "citizen": (), "admin": ("admin",)}


@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize("who", WHO)
def test_no_form_breaks_whatever_is_typed(own_demo_house: TestHouse, who: str) -> None:
    house, roles = own_demo_house, WHO[who]
    broken, sent = [], set()
    with frozen_clock(MORNING):
        person = None if roles is None else house.person("sumbawa", f"{who}@aneh.example", roles=roles)
        prober = Prober(house, "sumbawa", "sumbawabarat")
        for _route, page in prober.own_pages(person):
            for form in take_apart(page.get_data(as_text=True)).forms:
                target = urlsplit(form.action or page.request.path).path
                kind = (form.method, *sorted(form.fields))
                if kind in sent or target in LEAVES or not form.fields:
                    continue
                sent.add(kind)
                for name, value in NONSENSE.items():
                    answer = prober.ask(person, form.method, target, typed(form, value))
                    led_to = urlsplit(answer.headers.get("Location", ""))
                    if answer.status_code >= 500 or led_to.netloc == "evil.example" or led_to.scheme == "javascript":
                        broken.append(f"{form.method} {target} with {name}: {answer.status_code}")
    assert broken == []
    assert len(sent) > 3


def typed(form: Form, value: str | bytes) -> dict[str, str | bytes]:
    """Return the form with ``value`` in every field; what is long, in one: a body has a limit of its own."""
    if len(value) > 1000:
        return {**form.fields, next(iter(form.fields)): value}
    return dict.fromkeys(form.fields, value)
