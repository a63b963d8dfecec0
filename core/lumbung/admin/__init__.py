"""The administrators' desk: plugins, people, units, regions, tenants, the trail. One module a room."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Return the desk's pages, one blueprint a room."""
    from lumbung.admin import (
        access_log,
        announcements,
        archives,
        breaches,
        composed_roles,
        data_register,
        hand_over,
        identity,
        invitations,
        minutes,
        nik_lookup,
        openid,
        operations,
        overview,
        people,
        plugin_data,
        plugin_settings,
        plugins,
        posts,
        privacy,
        privacy_texts,
        regions,
        roles,
        second_factor,
        switching,
        tenants,
        trail,
        units,
        upstream,
        who_can,
    )

    rooms = (
        overview,
        announcements,
        plugins,
        plugin_settings,
        plugin_data,
        switching,
        operations,
        archives,
        minutes,
        people,
        invitations,
        hand_over,
        posts,
        nik_lookup,
        roles,
        composed_roles,
        who_can,
        second_factor,
        units,
        regions,
        identity,
        openid,
        upstream,
        tenants,
        privacy,
        privacy_texts,
        data_register,
        breaches,
        trail,
        access_log,
    )
    return [room.blueprint for room in rooms]
