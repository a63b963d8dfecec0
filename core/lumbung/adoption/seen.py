"""What was seen of a donated tree, as the rooms of this house hand it to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from lumbung.instances.databases.dump_reading import DumpReport


@dataclass
class Survey:
    """What was seen. Paths are relative to the tree; ``root`` is where the application begins in it, often empty."""

    stack: str = "unknown"  # php, python, node, unknown
    framework: str = ""  # plain, codeigniter3, codeigniter4, laravel, yii1, yii2, flask, django, wsgi
    version: str = ""
    language: str = ""  # the version of PHP or Python that it says it wants, as it says it
    root: str = ""
    entry: str = ""  # Flask: app:app; Django: its settings module; PHP: index.php
    wsgi: str = ""  # Django: module:object
    requirements: str | None = None
    packages: dict[str, str] = field(default_factory=dict)  # name and what is asked for: "==2.1.3"
    dumps: list[DumpReport] = field(default_factory=list)
    sqlite: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)  # .env and its samples
    htaccess: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)  # Dockerfile, Procfile, docker-compose.yml
    environment: set[str] = field(default_factory=set)  # names that it asks its environment for
    drivers: dict[str, str] = field(default_factory=dict)  # way of reaching its database, and where it stands first
    hosts: dict[str, str] = field(default_factory=dict)  # hosts it takes for its own, and where each stands first
    old_calls: list[str] = field(default_factory=list)
    time_zones: set[str] = field(default_factory=set)
    openid: str = ""  # mozilla-django-oidc, authlib
    node: dict[str, str] = field(default_factory=dict)
    title: str = ""

    def inside(self, path: str) -> str:
        """Return a path below where the application begins."""
        return f"{self.root}/{path}" if self.root else path
