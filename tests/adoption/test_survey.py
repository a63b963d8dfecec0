from __future__ import annotations

import pytest

from lumbung.adoption.survey import survey
from lumbung.adoption.text import Tree
from lumbung.adoption.versions import lowest
from lumbung.errors import LumbungError

CODEIGNITER = {"index.php": "<?php", "system/core/CodeIgniter.php": "const CI_VERSION = '3.1.11';"}


def seen(folder):
    return survey(Tree(folder))


def test_plain_php_with_its_account_in_the_code(look):
    found = look("arsip_surat").seen
    assert (found.stack, found.framework, found.entry) == ("php", "plain", "index.php")
    assert found.drivers == {"mysqli_connect": "config.php:12"}
    assert found.hosts == {"arsip.kota-contoh.example": "config.php:9"}
    assert [len(dump.tables) for dump in found.dumps] == [2]


def test_flask_with_old_pins(look):
    found = look("antrian_lama").seen
    assert (found.stack, found.framework, found.entry) == ("python", "flask", "app:app")
    assert (found.version, found.language) == ("==2.1.3", "3.9")
    assert found.environment == {"DATABASE_URL"}


def test_django_with_openid_connect(look):
    found = look("aduan_warga").seen
    assert (found.framework, found.entry, found.openid) == ("django", "aduan.settings", "mozilla-django-oidc")
    assert {"DATABASE_URL", "OIDC_OP_AUTHORIZATION_ENDPOINT"} <= found.environment


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"index.php": "<?php $k = mysql_connect('localhost', 'root', '');"}, r"mysql_connect \(index.php:1\)"),
        ({"index.php": "<?php Yii::createWebApplication($config)->run();"}, "Yii 1.1"),
        ({"artisan": "", "composer.json": '{"require": {"laravel/framework": "^9.0"}}'}, "Laravel.*vendor"),
        ({"spark": "", "public/index.php": "<?php"}, "CodeIgniter 4.*vendor"),
        ({"package.json": '{"scripts": {"start": "node server.js"}}'}, "Node.js"),
        ({"notes.txt": "halo"}, "Nothing that is known"),
    ],
)
def test_what_cannot_run_here_is_refused_in_a_sentence(tree, files, says):
    with pytest.raises(LumbungError, match=says):
        seen(tree(files))


def test_codeigniters_own_use_of_mysql_connect_is_not_the_applications(tree):
    files = {**CODEIGNITER, "system/database/drivers/mysql/mysql_driver.php": "<?php mysql_connect($a);"}
    found = seen(tree(files))
    assert (found.framework, found.version) == ("codeigniter3", "3.1.11")


def test_an_application_in_a_folder_of_its_own_is_found(tree):
    found = seen(tree({"README.md": "# Buku Tamu", "web/index.php": "<?php", "docs/a.md": ""}))
    assert (found.root, found.title) == ("web", "Buku Tamu")


@pytest.mark.parametrize(
    ("asked", "version"),
    [("==2.1.3", "2.1.3"), ("<3.3,>=3.2", "3.2"), ("^7.4 || ^8.0", "8.0"), ("5.2.*", "5.2"), ("<2", None)],
)
def test_the_lowest_version_of_a_range(asked, version):
    assert (str(lowest(asked)) if lowest(asked) else None) == version
