"""What the house refuses, in the language of the page. Errors are written in English (`lumbung.errors`)."""

from __future__ import annotations

from lumbung.errors import LumbungError, Sentence
from lumbung.web.i18n import catalogue, language


def words_of(refusal: LumbungError | Sentence) -> str:
    """Return a refusal in the language of this request, the refusals inside of it too.

    The Indonesian stands in ``translations/id/LC_MESSAGES/refusals.po``; what is not there is said in English.
    """
    sentence = refusal.sentence if isinstance(refusal, LumbungError) else refusal
    known = catalogue("refusals", language())
    return sentence.said(lambda template: known.gettext(template) if template else "")
