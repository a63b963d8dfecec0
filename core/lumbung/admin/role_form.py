"""The form of a composed role: its title, and a box for each permission, by application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from lumbung.admin.forms import Checkboxes
from lumbung.context import current_scope, current_tenant
from lumbung.identity import roles
from lumbung.identity.composing import DESCRIPTION, TITLE
from lumbung.identity.models import ComposedRole
from lumbung.identity.person import OF_NO_UNIT, Person
from lumbung.web.i18n import core_domain, language
from lumbung.web.permission_titles import PermissionTitle, by_application

_ = core_domain.lazy_gettext

GROUP = "izin_"
EVERYWHERE = _("Izin di sini selalu untuk seluruh daerah. Peran yang memuatnya tidak dapat diberikan untuk satu unit.")


class RoleForm(FlaskForm):
    """A role. The boxes are added by `role_form`, one field for each application."""

    title = StringField(
        _("Nama peran"),
        description=_("Seperti jabatan atau tugasnya, misalnya Pengelola konten."),
        validators=[InputRequired(_("Tulis nama perannya.")), Length(2, TITLE, _("Nama berisi 2 sampai 80 huruf."))],
    )
    english = StringField(
        _("Nama dalam bahasa Inggris"),
        description=_("Boleh kosong."),
        validators=[Optional(), Length(2, TITLE, _("Nama berisi 2 sampai 80 huruf."))],
    )
    description = TextAreaField(
        _("Untuk siapa"),
        description=_("Boleh kosong. Dibaca pengelola lain sebelum memberikannya."),
        validators=[Optional(), Length(max=DESCRIPTION, message=_("Keterangan paling panjang 400 huruf."))],
        render_kw={"rows": 2},
    )

    @property
    def groups(self) -> list[Field]:
        """The fields with the boxes."""
        return [field for field in self if field.name.startswith(GROUP)]

    @property
    def chosen(self) -> list[str]:
        """The permissions that are ticked."""
        return [permission for field in self.groups for permission in field.data or []]

    def validate(self, extra_validators: Any = None) -> bool:
        """A role without any permission is none."""
        sound: bool = super().validate(extra_validators)
        if not self.chosen and self.groups and not any(field.errors for field in self.groups):
            self.groups[0].errors = [_("Pilih sedikitnya satu izin.")]
            return False
        return sound


def role_form(actor: Person, row: ComposedRole | None = None, copied: Iterable[str] = ()) -> RoleForm:
    """Return the form with what ``actor`` may put into a role, filled in from ``row`` or from a copied role."""
    offered = {one for one in roles.composable_here() if roles.may_compose(actor, [one])}
    before = set(row.permissions) if row else set()
    scope = current_scope()
    groups = by_application(frozenset(offered | before), scope.kernel.snapshot(), current_tenant().id, language())
    boxes = {
        f"{GROUP}{number}": Checkboxes(
            of,
            description=EVERYWHERE if titles[0].permission in OF_NO_UNIT else "",
            choices=[SelectChoice(one.permission, box_label(one)) for one in titles],
        )
        for number, (of, titles) in enumerate(groups)
    }
    ticked = before or set(copied) & offered
    values: dict[str, Any] = {
        name: [one.permission for one in titles if one.permission in ticked]
        for name, (_of, titles) in zip(boxes, groups, strict=True)
    }
    if row is not None:
        english = row.title["en"] if row.title["en"] != row.title["id"] else ""
        values |= {"title": row.title["id"], "english": english, "description": row.description}
    made: RoleForm = type("RoleForm", (RoleForm,), boxes)(data=values)
    return made


def box_label(one: PermissionTitle) -> str:
    """Return what stands beside a box: the permission, and what is special about it."""
    if not one.available:
        return str(_("%(title)s (aplikasi nonaktif, belum memberi apa-apa)", title=one.title))
    return one.title
