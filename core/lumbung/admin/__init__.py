"""The administrators' desk: plugins, people, units, regions, tenants, the trail. One module a room."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint

ROOMS = (
    "overview",
    "announcements",
    "plugins",
    "plugin_settings",
    "plugin_data",
    "switching",
    "instances",
    "suspensions",
    "doctor",
    "way_back",
    "operations",
    "archives",
    "minutes",
    "people",
    "invitations",
    "hand_over",
    "posts",
    "nik_lookup",
    "roles",
    "composed_roles",
    "who_can",
    "second_factor",
    "units",
    "regions",
    "boundaries",
    "holidays",
    "identity",
    "openid",
    "upstream",
    "tenants",
    "privacy",
    "privacy_texts",
    "data_register",
    "breaches",
    "trail",
    "access_log",
)


def blueprints() -> list[Blueprint]:
    """Return the desk's pages, one blueprint a room; what a room needs is imported only now."""
    return [import_module(f"lumbung.admin.{room}").blueprint for room in ROOMS]
