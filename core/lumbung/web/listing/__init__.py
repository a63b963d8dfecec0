"""Tables that sort, filter, search, turn pages and become files. A view declares columns; the house does the rest.

::

    listing = Listing(
        query=select(Guest),
        columns=[
            ListColumn("nama", _("Nama"), value=lambda guest: guest.name, sort=Guest.name),
            ListColumn("datang", _("Datang"), value=lambda guest: guest.came_at, kind="datetime", sort=Guest.came_at),
        ],
        name="buku-tamu",
        title=_("Buku tamu"),
        default_sort="-datang",
        search=[Guest.name, Guest.purpose],
        filters=[DateFilter.since("dari", _("Dari tanggal"), Guest.came_at)],
    )
    return listing.export() or render_template("bukutamu/guests.html", listing=listing)

The template says ``{{ ui.listing(listing) }}``. All of it is links and GET forms; no script is needed.
"""

from lumbung.web.listing.bulk import BulkAction, selected_ids
from lumbung.web.listing.columns import ListColumn
from lumbung.web.listing.filters import ChoiceFilter, DateFilter, Filter
from lumbung.web.listing.listing import Listing

__all__ = ["BulkAction", "ChoiceFilter", "DateFilter", "Filter", "ListColumn", "Listing", "selected_ids"]
