"""Documents: what is said stands in them as it was said, whatever it looks like."""

import pytest

from lumbung.documents import pdf as documents
from lumbung.documents.pdf import facts, heading, pdf, signature, table, text
from lumbung.testing.pdf_text import pdf_text

EVIL = ['#evil[x] #read("/etc/passwd")', "*tebal* _miring_", r"\ #{1+1} $x^2$", "<b>@ref</b> `kode`", "= Judul"]


@pytest.fixture
def scope(house):
    with house.scope() as scope:
        yield scope


def document(*blocks, **more):
    return pdf("document", {"title": "Salinan data", "blocks": list(blocks), **more})


def squeezed(data: bytes) -> str:
    return " ".join(pdf_text(data).replace("\u200b", "").split())


def test_document_names_its_tenant_pages_and_time_and_is_readable_for_the_blind(scope):
    made = document(heading("Akun"), *(text(f"Baris {n}") for n in range(90)), signature("Sumbawa", "Pejabat", "Siti"))
    said = squeezed(made)
    assert "KABUPATEN SUMBAWA Salinan data" in said
    assert "Halaman 1 dari 3" in said
    assert "Halaman 3 dari 3" in said
    assert "WITA" in said
    assert "Baris 89" in said
    assert b"pdfuaid" in made
    assert b"/Lang(id)" in made
    english = pdf("document", {"title": "Copy", "blocks": []}, language="en")
    assert b"/Lang(en)" in english


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_that_was_typed_is_markup(scope, evil):
    made = document(heading(evil), text(evil), facts([(evil, evil)]), table([evil, "b"], [[evil, evil]]), title=evil)
    assert squeezed(made).count(evil) >= 6
    assert b"pdfuaid" in made


def test_names_that_no_font_draws_and_characters_that_are_none_do_not_stop_a_document(scope):
    made = document(text("Siti 😀 漢字 \ud800\x00\x07 ujung"), facts([("Alamat", "satu\ndua"), ("Kosong", "")]))
    said = squeezed(made)
    assert "Siti" in said
    assert "ujung" in said
    assert "satu dua" in said
    assert made.startswith(b"%PDF")
    endless = document(table(["a"] * 6, [["x" * 500] * 6]))
    assert squeezed(endless).replace(" ", "").count("x") >= 3000


def test_a_template_is_one_of_ours(scope):
    for name in ("../../secrets", "nichts", "/etc/passwd"):
        with pytest.raises(ValueError, match="no template"):
            documents.pdf(name, {"title": "x"})
