"""Three gifts that nobody here wrote, adopted as an office would, on one running site: PHP, old Flask, Django.

Each tree in ``tests/foreign/apps`` is a small honest example of its kind, with the faults such applications have. All
is real: MariaDB and its dump, virtual environments with pins of 2022, OpenID Connect, login pages that are filled in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from lumbung.adoption.wheel import build_wheel
from lumbung.testing.running import environment, free_port, lumbung, running, wait_until

APPS = Path(__file__).parent.parent / "foreign" / "apps"
PASSWORD = "kata-sandi-yang-panjang-sekali"
HEALTHY = 180  # seconds for an environment to be made from a package index


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every host name below ``localhost`` lead to this machine, as browsers do by themselves."""
    ask = socket.getaddrinfo

    def here(host: Any, *rest: Any, **more: Any) -> Any:
        return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)


class Browser:
    """A browser without a screen that follows redirects from host to host and fills in the forms it is shown."""

    def __init__(self, port: int) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Accept": "text/html", "Sec-Fetch-Dest": "document", "User-Agent": "Peramban"})
        self.port = port

    def at(self, host: str, path: str = "/") -> str:
        return f"http://{host}.sumbawa.localhost:{self.port}{path}"

    def get(self, address: str, **more: Any) -> requests.Response:
        return self.session.get(address, timeout=60, **more)

    def send(self, page: requests.Response, **values: str) -> requests.Response:
        """Send the form of a page that has fields of these names; its hidden fields go along."""
        for form in re.findall(r"<form.*?</form>", page.text, re.S):
            tags = [dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form)]
            hidden = {one["name"]: unescape(one["value"]) for one in tags if one.get("type") == "hidden"}
            if all(f'name="{name}"' in form for name in values):
                to = re.search(r'<form[^>]*action="([^"]*)"', form)
                target = urljoin(page.url, unescape(to[1])) if to else page.url
                origin = {"Origin": "/".join(page.url.split("/")[:3])}
                return self.session.post(target, data={**hidden, **values}, headers=origin, timeout=60)
        raise AssertionError(f"no such form on {page.url}: {page.text[:2000]}")

    def signed_in(self, page: requests.Response) -> requests.Response:
        """Sign in on the platform's page, wherever one was on the way to; agree where that is asked."""
        page = self.send(page, email="warga@contoh.example", password=PASSWORD)
        if 'value="allow"' in page.text:
            page = self.send(page, answer="allow")
        onward = re.search(
            r'http-equiv="refresh" content="0; ?url=([^"]+)"|<a class="btn[^>]*href="(http[^"]+)"', page.text
        )
        if onward and page.url.startswith(f"http://sumbawa.localhost:{self.port}/openid/"):
            page = self.get(unescape(onward[1] or onward[2]))
        return page


class Site:
    """A running site, its command line, and adoption on it."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env = env
        self.folder = folder

    def command(self, *words: str, fails: bool = False) -> str:
        done = lumbung(*words, env=self.env)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def adopt(self, app: Path, *answers: str) -> str:
        given = [word for answer in answers for word in ("--set", answer)]
        command = [sys.executable, "-m", "lumbung.cli", "adopt", str(app), "--no-input", "--to", str(self.folder)]
        command += ["--set", "donor=Kota Contoh", *given, "--install", "--tenant", "sumbawa"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=HEALTHY, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def site(tmp_path: Path, everywhere: None) -> Iterator[tuple[Site, Browser]]:
    port = free_port()
    env = environment(tmp_path / "home", LUMBUNG_PORT=str(port))
    one = Site(env, tmp_path / "adopted")
    one.command("tenant", "add", "sumbawa", "--name", "Kabupaten Sumbawa", "--host", "sumbawa.localhost")
    one.command("user", "add", "warga@contoh.example", "--tenant", "sumbawa", "--name", "Siti Aminah",
                "--password", PASSWORD)  # fmt: skip
    with running("serve", env=env, port=port):
        yield one, Browser(port)


def newer(tree: Path, folder: Path, change: Callable[[Path], None]) -> Path:
    copy = folder / tree.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(tree, copy)
    change(copy)
    return copy


def test_a_plain_php_application_with_a_dump_lives_here_from_adoption_to_its_archive(
    site: tuple[Site, Browser], tmp_path: Path
) -> None:
    here, browser = site
    tree = APPS / "arsip_surat"
    said = here.adopt(tree, "sign_in=form", "access=signed_in")
    assert "arsip_surat runs" in said
    page = browser.signed_in(browser.get(browser.at("arsip-surat")))
    assert "Surat masuk dan keluar" in page.text, "signed in there by its own login page, which nobody saw"
    assert "Undangan rapat koordinasi; tempat: aula" in page.text
    assert "Kembali ke layanan" in page.text
    assert "arsip.kota-contoh.example" not in page.text
    for path in ("/database/arsip_surat.sql", "/.htaccess", "/config.php", "/.git/config"):
        assert browser.get(browser.at("arsip-surat", path)).status_code in (403, 404), path

    def broken(copy: Path) -> None:
        page = copy / "login.php"
        page.write_text("<?php tidak_ada(); ?>" + page.read_text())

    tree = newer(tree, tmp_path / "newer", broken)
    asked = [word for one in ("donor=Kota Contoh", "version=1.1.0", "sign_in=form", "access=signed_in")
             for word in ("--set", one)]  # fmt: skip
    here.command("adopt", str(tree), "--no-input", "--to", str(tmp_path / "newer"), *asked)
    manifest = tmp_path / "newer" / "lumbung_arsip_surat" / "lumbung_arsip_surat" / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("within_seconds = 120", "within_seconds = 3"))
    wheel = build_wheel(manifest.parent.parent, tmp_path / "dist").path
    assert "does not serve" in here.command("plugin", "install", str(wheel), fails=True)
    wait_until(lambda: "Surat masuk dan keluar" in browser.get(browser.at("arsip-surat")).text)

    out = here.command("plugin", "uninstall", "arsip_surat")
    assert browser.get(browser.at("arsip-surat")).status_code == 404, out
    [archive] = (tmp_path / "home" / "archives").glob("arsip_surat-*.zip")
    with zipfile.ZipFile(archive) as zipped:
        [dump] = [name for name in zipped.namelist() if ".sql" in name and "instances" in name]
        assert b"Undangan rapat koordinasi" in zipped.read(dump)


def test_an_old_flask_application_brings_its_own_python_packages(site: tuple[Site, Browser]) -> None:
    here, browser = site
    assert "antrian_lama runs" in here.adopt(APPS / "antrian_lama", "access=public")
    page = browser.get(browser.at("antrian-lama"))
    assert page.status_code == 200
    assert "localhost:5000" not in page.text
    page = browser.send(page, nama="Siti")
    assert page.status_code == 200
    [line] = json.loads(here.command("plugin", "instances", "antrian_lama", "--json"))
    assert line["state"] == "running"
    here.command("plugin", "stop", "antrian_lama", "--tenant", "sumbawa")
    assert browser.get(browser.at("antrian-lama")).status_code == 503
    here.command("plugin", "start", "antrian_lama", "--tenant", "sumbawa")
    assert browser.get(browser.at("antrian-lama")).status_code == 200
    here.command("plugin", "disable", "antrian_lama", "--tenant", "sumbawa")
    wait_until(lambda: browser.get(browser.at("antrian-lama")).status_code == 404)


def test_a_django_application_signs_people_in_with_openid_connect(site: tuple[Site, Browser]) -> None:
    here, browser = site
    assert "aduan_warga runs" in here.adopt(APPS / "aduan_warga", "access=public")
    page = browser.get(browser.at("aduan-warga", "/oidc/authenticate/"))
    page = browser.signed_in(page)
    assert page.url == browser.at("aduan-warga"), page.text
    assert "warga@contoh.example" in page.text
    page = browser.get(browser.at("aduan-warga", "/tulis/"))
    page = browser.send(page, judul="Lampu jalan mati", isi="Di depan pasar")
    assert "Lampu jalan mati" in browser.get(browser.at("aduan-warga")).text
    assert os.environ.get("LUMBUNG_HOME") != here.env["LUMBUNG_HOME"]
