"""Settings: environment over file over default; a wrong one is named in a sentence; secrets stay secret."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lumbung.errors import ConfigurationError
from lumbung.settings import Settings, keep_secret, keep_secrets, load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of our own and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("LUMBUNG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path))
    return tmp_path


def test_environment_wins_over_the_file_which_wins_over_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().port == 8000
    (home / "lumbung.toml").write_text('port = 8100\nsingle_tenant = "sumbawa"\n')
    assert load_settings().port == 8100
    monkeypatch.setenv("LUMBUNG_PORT", "8200")
    settings = load_settings()
    assert (settings.port, settings.single_tenant) == (8200, "sumbawa")
    assert load_settings(port=8300).port == 8300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WORKERS", "-1"),
        ("SECRET_KEY", "pendek"),
        ("TRUSTED_PROXIES", "99"),
        ("SIGN_IN_ATTEMPTS", "1000"),
        ("LOG_FORMAT", "xml"),
        ("SECURE_COOKIES", "barangkali"),
        ("DATABASE_POOL", "0"),
        ("SMTP_SECURITY", "barangkali"),
        ("MAIL_FROM", "bukan surel"),
        ("MAIL_FROM", "a@b.example\nBcc: c@d.example"),
        ("PUBLIC_PORT", "0"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LUMBUNG_{name}", value)
    with pytest.raises(ConfigurationError, match=f"LUMBUNG_{name}") as refused:
        load_settings()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["port = ", "prot = 8000", "[web]\nport = 1", "port = 'x'", "\x00", "port = 1\nport = 2"]
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(home: Path, text: str) -> None:
    (home / "lumbung.toml").write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_text_is_refused(home: Path) -> None:
    (home / "lumbung.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"lumbung\.toml cannot be read"):
        load_settings()


def test_a_secret_is_made_once_and_for_its_owner_alone(home: Path) -> None:
    settings = load_settings()
    first = settings.signing_key()
    assert len(first) >= 32
    assert load_settings().signing_key() == first
    assert settings.index_key() != first.encode()
    file = home / "secrets" / "signing-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    given = Settings(home=home, secret_key="k" * 32)
    assert given.signing_key() == "k" * 32


def test_processes_that_start_together_keep_one_secret(home: Path) -> None:
    numbers = iter(range(1000))
    with ThreadPoolExecutor(16) as pool:
        kept = set(pool.map(lambda _: keep_secret(home / "s" / "k", lambda: str(next(numbers))), range(64)))
    assert len(kept) == 1
    assert [path.name for path in (home / "s").iterdir()] == ["k"]


def test_a_damaged_secret_is_named(home: Path) -> None:
    (home / "k.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"k\.json"):
        keep_secrets(home / "k.json", dict)


def test_web_processes_do_not_get_the_migrator_s_keys_nor_the_mail_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBUNG_DATABASE_URL", "postgresql://boss:rahasia@h/x")
    monkeypatch.setenv("LUMBUNG_DATABASE_MIGRATOR_URL", "postgresql://boss:rahasia@h/x")
    monkeypatch.setenv("LUMBUNG_DATABASE_APP_URL", "postgresql://app:a@h/x")
    monkeypatch.setenv("LUMBUNG_SMTP_PASSWORD", "rahasia")
    web = load_settings().web_environment()
    assert "rahasia" not in repr(web)
    assert web["LUMBUNG_DATABASE_APP_URL"] == "postgresql://app:a@h/x"
    assert "rahasia" in repr(load_settings().worker_environment())


def test_a_mail_server_needs_an_address_to_send_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBUNG_SMTP_HOST", "surel.example")
    with pytest.raises(ConfigurationError, match="LUMBUNG_MAIL_FROM"):
        load_settings()
    monkeypatch.setenv("LUMBUNG_MAIL_FROM", "kabar@sumbawa.example")
    assert load_settings().smtp_security == "starttls"


def test_a_mail_password_is_never_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBUNG_SMTP_USER", "layanan")
    monkeypatch.setenv("LUMBUNG_SMTP_SECURITY", "none")
    with pytest.raises(ConfigurationError, match="LUMBUNG_SMTP_SECURITY"):
        load_settings()


def test_a_home_is_absolute_whatever_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LUMBUNG_HOME", "data")
    assert load_settings().home == tmp_path / "data"
    assert load_settings().plugin_folder == tmp_path / "data" / "plugins"


@pytest.mark.parametrize(
    ("tiles", "origin"),
    [
        ("https://tile.peta.example/{z}/{x}/{y}.png", "https://tile.peta.example"),
        ("http://peta.example:8080/a/{z}/{x}/{y}", "http://peta.example:8080"),
        ("/peta/{z}/{x}/{y}.png", None),
    ],
)
def test_map_tiles_name_where_pictures_come_from(
    tiles: str, origin: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().map_origin is None
    monkeypatch.setenv("LUMBUNG_MAP_TILES", tiles)
    assert load_settings().map_origin == origin


@pytest.mark.parametrize(
    "tiles",
    [
        "https://peta.example/{z}/{x}.png",
        "peta.example/{z}/{x}/{y}",
        "//peta.example/{z}/{x}/{y}",
        "javascript:{z}{x}{y}",
        "https://peta.example; script-src */{z}/{x}/{y}",
        "https://a.example /{z}/{x}/{y}",
        "https://a.example,https://b.example/{z}/{x}/{y}",
    ],
)
def test_map_tiles_that_would_widen_the_policy_are_refused(tiles: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMBUNG_MAP_TILES", tiles)
    with pytest.raises(ConfigurationError, match="LUMBUNG_MAP_TILES"):
        load_settings()


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(Exception, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]
