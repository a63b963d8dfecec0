from __future__ import annotations

import pytest

FAULTS = {
    "arsip_surat": {
        ("nik", "database/arsip_surat.sql:35"),
        ("people", "database/arsip_surat.sql"),
        ("collations", "database/arsip_surat.sql"),
        ("old_storage", "database/arsip_surat.sql"),
        ("phpinfo", "admin/info.php:2"),
        ("errors_shown", "config.php:4"),
        ("time_zone", "config.php:5"),
        ("old_host", "config.php:9"),
        ("password_in_code", "config.php:12"),
        ("cdn", "kepala.php:6"),
        ("changing_get", "admin/index.php:38"),
        ("htaccess", ".htaccess"),
        ("not_seen", ""),
    },
    "antrian_lama": {
        ("debug", "app.py:84"),
        ("secret_key", "app.py:11"),
        ("old_host", "app.py:16"),
        ("password_made", "buat_db.py:10"),
        ("end_of_life", "requirements.txt"),
        ("cdn", "templates/dasar.html:6"),
    },
    "aduan_warga": {
        ("debug", "aduan/settings.py:9"),
        ("secret_key", "aduan/settings.py:8"),
        ("time_zone", "aduan/settings.py:53"),
        ("old_host", "aduan/settings.py"),
        ("no_server", "requirements.txt"),
    },
}


@pytest.mark.parametrize("app", FAULTS)
def test_the_faults_of_the_examples_are_found(look, app):
    found = {(one.kind, one.where) for one in look(app).found}
    assert FAULTS[app] - found == set()


def test_accounts_that_came_with_a_dump_are_found_one_by_one(look):
    found = [one for one in look("arsip_surat").found if one.kind in ("default_account", "weak_hash")]
    assert sorted(one.kind for one in found) == ["default_account"] * 3 + ["weak_hash"]
    assert all(one.where.startswith("database/arsip_surat.sql:") for one in found)


def test_faults_are_told_with_the_gravest_first_and_in_both_languages(look):
    found = look("arsip_surat").found
    order = [("bad", "warning", "note").index(one.severity) for one in found]
    assert order == sorted(order)
    assert all(one.what.id and one.do.id and one.what.en and one.do.en for one in found)


def test_no_finding_repeats_a_password_or_a_number_of_a_person(look):
    told = " ".join(str(one) for one in look("arsip_surat").found)
    for secret in ("arsip123", "5204015201900001", "0192023a7bbd73250516f069df18b500"):
        assert secret not in told


def test_keys_env_files_and_pages_that_run_sql_are_found(look, tree):
    folder = tree(
        {
            "index.php": '<?php $k = "AIzaSyA1234567890abcdefghijklmnopqrstuvw";\n',
            ".env": "APP_DEBUG=true\n",
            "alat/adminer-4.8.php": "<?php\n",
            "vendor/x/y.php": "<?php phpinfo();",
            "a.php": "<?php\n// phpinfo();\n$password = $_POST['password'];\n",
        }
    )
    found = {(one.kind, one.where) for one in look(folder).found}
    assert {
        ("api_key", "index.php:1"),
        ("env_file", ".env"),
        ("debug", ".env:1"),
        ("sql_page", "alat/adminer-4.8.php"),
    } <= found
    assert not {kind for kind, _where in found} & {"phpinfo", "password_in_code"}


def test_a_fault_that_is_everywhere_is_shown_five_times_and_counted(look, tree):
    found = look(tree({"index.php": "<?php phpinfo();\n" * 12})).found
    places = [one for one in found if one.kind == "phpinfo"]
    assert len(places) == 5
    assert places[-1].more == 7
