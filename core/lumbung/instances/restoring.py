"""Putting an instance back as it was when it was dumped: its database, and the files that it wrote."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases import Tell, engine_of
from lumbung.instances.instance import Instance
from lumbung.instances.making import LOADED, make, quietly
from lumbung.instances.rows import change_facts, secrets_of
from lumbung.kernel import Kernel

FILES = "-files.tar.gz"


def restore(kernel: Kernel, instance: Instance, folder: Path, *, tell: Tell = quietly) -> None:
    """Bring an instance back to what `making.dump` wrote into ``folder``, in the version that is installed now.

    Raises `LumbungError`; done again after a kill it begins anew. Nothing is done where nothing was dumped.
    """
    dumps = [one for one in sorted(folder.iterdir()) if not one.name.endswith(FILES)] if folder.is_dir() else []
    files = folder / f"{instance.name}{FILES}"
    if not dumps and not files.is_file():
        return
    if dumps:
        _database(kernel, instance, dumps[0], tell)
    make(kernel, instance, tell=tell)
    if files.is_file():
        _unpack(instance, files)


def _database(kernel: Kernel, instance: Instance, dump: Path, tell: Tell) -> None:
    engine, secret = engine_of(instance.process), secrets_of(kernel, instance)
    tell(Sentence("The dump %(file)s is loaded (%(size)s MB).", file=dump.name, size=dump.stat().st_size // 1024**2))
    engine.drop(kernel, instance, secret)
    facts = engine.create(kernel, instance, secret)
    engine.load(kernel, instance, secret, dump, tell)
    change_facts(kernel, instance, lambda known: {**known, "database": {**facts, "state": LOADED}})


def _unpack(instance: Instance, files: Path) -> None:
    """Put back what the application had written, and nothing it wrote since; its SQLite file came with the dump."""
    database = instance.process.database.file if instance.process.database else None
    for path in instance.data.iterdir() if instance.data.is_dir() else ():
        if path.name in ("sessions", "tmp") or (database and path.name.startswith(Path(database).name)):
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    try:
        with tarfile.open(files) as archive:
            archive.extractall(instance.folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise LumbungError(
            "The files of %(instance)s cannot be put back from %(file)s: %(reason)s",
            instance=instance.label,
            file=files.name,
            reason=str(error),
        ) from error
