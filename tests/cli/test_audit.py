"""``lumbung audit``: the check, the anchors and the file for an outsider."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lumbung import audit
from lumbung.testing import TestHouse


def write(house: TestHouse, *things: str) -> None:
    with house.scope():
        for thing in things:
            audit.record("contoh.write", thing, jumlah=1.5, nama="Siti 💐")


def test_the_check_names_the_first_bad_entry(house: TestHouse, lumbung: Any, as_owner: Any) -> None:
    as_owner("DELETE FROM lumbung_audit")
    as_owner("DELETE FROM lumbung_audit_head")
    write(house, "satu", "dua", "tiga")
    said = lumbung("audit", "verify")
    assert said.code == 0 and "sumbawa: 3 entries, whole" in said.out and "no anchor" in said.out
    assert said.out.count("\n") == 2
    assert lumbung("audit", "verify", "--tenant", "nowhere").refused().startswith("There is no tenant")

    said = lumbung("audit", "anchor")
    line = json.loads(said.out)
    assert line["heads"] == [{"tenant": "sumbawa", "tenant_id": line["heads"][0]["tenant_id"], "seq": 3}
                             | {"hash": line["heads"][0]["hash"]}]  # fmt: skip
    assert "anchors.jsonl" in said.err and "signed with the key" in said.err
    assert "anchors agree up to entry 3" in lumbung("audit", "verify", "--tenant", "sumbawa").out

    as_owner("ALTER TABLE lumbung_audit DISABLE TRIGGER USER")
    as_owner("UPDATE lumbung_audit SET detail = '{\"jumlah\": 15}' WHERE thing = 'dua'")
    [(row_id,)] = as_owner("SELECT id FROM lumbung_audit WHERE thing = 'dua'")
    said = lumbung("audit", "verify")
    assert said.code == 1 and said.err == "lumbung: The audit trail is not as it was written.\n"
    assert "sumbawa: BAD at entry 2 (contoh.write, " in said.out and str(row_id) in said.out
    assert "changed" in said.out and "sumbawabarat: 0 entries, whole" in said.out
    told = json.loads(lumbung("audit", "verify", "--json", "--tenant", "sumbawa").out)
    [one] = told["tenants"]
    assert (one["ok"], one["bad"]["seq"], one["bad"]["wrong"], one["bad"]["id"]) == (False, 2, "edited", str(row_id))


def test_a_copy_of_the_anchors_kept_elsewhere_is_compared(
    house: TestHouse, lumbung: Any, as_owner: Any, tmp_path: Path
) -> None:
    write(house, "satu")
    lumbung("audit", "anchor")
    own, copy = house.settings.home / "anchors.jsonl", tmp_path / "copy.jsonl"
    copy.write_bytes(own.read_bytes())
    own.write_text(own.read_text().replace('"seq":', '"seq":4'))
    said = lumbung("audit", "verify")
    assert said.code == 1 and "whole" in said.out and "its signature is wrong" in said.err
    assert lumbung("audit", "verify", "--anchor", str(copy)).code == 0
    assert "no file of anchors" in lumbung("audit", "verify", "--anchor", str(tmp_path / "none")).refused()
    as_owner("ALTER TABLE lumbung_audit DISABLE TRIGGER USER")
    as_owner("DELETE FROM lumbung_audit")
    as_owner("DELETE FROM lumbung_audit_head")
    own.unlink()
    assert lumbung("audit", "verify").code == 0  # the database alone cannot tell
    said = lumbung("audit", "verify", "--anchor", str(copy))
    assert said.code == 1 and "BAD at entry 1: missing: the end of the trail was cut off" in said.out


def test_an_outsider_can_check_the_file_by_what_the_documentation_says(house: TestHouse, lumbung: Any) -> None:
    write(house, "satu", "dua: ä", "tiga")
    lines = [json.loads(line) for line in lumbung("audit", "export", "--tenant", "sumbawa").out.splitlines()]
    names = ["tenant_id", "seq", "prev_hash", "id", "at", "plugin", "person_id", "person_name", "action", "thing"]
    names += ["detail", "address", "about"]
    previous = "0" * 64
    for number, line in enumerate(lines, start=1):
        assert (line["seq"], line["prev_hash"]) == (number, previous)
        line["at"] = micro(line["at"])
        fields = [None if line[name] is None else str(line[name]).encode() for name in names]
        text = b"lumbung-audit-1" + b"".join(b"-" if one is None else b"%d:%s" % (len(one), one) for one in fields)
        previous = hashlib.sha256(text).hexdigest()
        assert previous == line["hash"]
    assert [line["thing"] for line in lines[-3:]] == ["satu", "dua: ä", "tiga"]


def micro(at: str) -> int:
    from datetime import UTC, datetime, timedelta

    return (datetime.fromisoformat(at) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
