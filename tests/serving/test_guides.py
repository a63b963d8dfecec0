"""The guides for operators say what the code says, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# what differs from case to case
FILLED_IN = r"\.\.\.|\S*\d\S*|\bN\b|/\S+|SIGKILL|The web server|Permission denied|\bpostgres\b"
GUIDES = sorted((ROOT / "docs" / "operating").glob("*.md"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_guide_is_in_indonesian_first_and_in_english_below(guide: Path) -> None:
    indonesian, english = guide.read_text().split("\n---\n")
    assert "*English below.*" in indonesian
    titles = [[line for line in part.splitlines() if line.startswith("# ")] for part in (indonesian, english)]
    assert [len(found) for found in titles] == [1, 1]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_links_of_a_guide_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([\w./-]+)\)", guide.read_text()):
        assert (guide.parent / target).exists(), target


def test_every_sentence_in_troubleshooting_is_one_that_the_code_says() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "core" / "lumbung").rglob("*.py"))
    said = re.sub(r'"\s*\n\s*f?"', "", source)
    indonesian, english = (
        re.findall(r"^\| `(.+?)` \|", part, re.MULTILINE)
        for part in (ROOT / "docs" / "operating" / "troubleshooting.md").read_text().split("\n---\n")
    )
    assert indonesian == english
    for sentence in english:
        longest = max(re.split(FILLED_IN, sentence), key=len).strip(" ;:'")
        assert longest in said, sentence
