"""What the style guide shows, group by group: one entry for each example's template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lumbung.web.i18n import core_domain

_ = core_domain.lazy_gettext


@dataclass(frozen=True)
class Example:
    """One example: its template is ``shell/parts/<group>/<name>.html``. ``title`` and ``text`` are lazy."""

    name: str
    title: Any
    text: Any = ""


@dataclass(frozen=True)
class Group:
    """A page of the guide."""

    name: str
    title: Any
    text: Any
    icon: str
    examples: tuple[Example, ...] = ()

    def template(self, example: Example) -> str:
        """Return the template of one of the examples."""
        return f"shell/parts/{self.name}/{example.name}.html"


@dataclass(frozen=True)
class Frame:
    """A kind of page, shown whole. Its template is ``shell/frames/<name>.html``, the layout ``layout``."""

    name: str
    title: Any
    text: Any
    layout: str
    icon: str

    @property
    def template(self) -> str:
        """The template of the example page."""
        return f"shell/frames/{self.name}.html"


FRAMES = (
    Frame(
        "warga",
        _("Halaman warga"),
        _("Satu tugas di satu halaman, tombol yang mudah disentuh, jalan tanpa skrip."),
        "lumbung/citizen.html",
        "users",
    ),
    Frame(
        "meja",
        _("Meja petugas"),
        _("Tabel lebih dulu, menu di samping, yang perlu dikerjakan di atas."),
        "lumbung/desk.html",
        "dashboard",
    ),
    Frame(
        "layar",
        _("Layar ruang tunggu"),
        _("Dibaca dari delapan meter: sedikit, besar, gelap, tanpa gulir."),
        "lumbung/display.html",
        "device-tv",
    ),
    Frame(
        "kios",
        _("Kios sentuh"),
        _("Jari orang yang berdiri; kembali sendiri ke awal setelah satu menit."),
        "lumbung/kiosk.html",
        "device-mobile",
    ),
    Frame(
        "cetak",
        _("Kertas"),
        _("Hitam di atas putih: A4, F4, atau gulungan 58 dan 80 mm."),
        "lumbung/print.html",
        "printer",
    ),
)

GROUPS = (
    Group(
        "dasar",
        _("Bahan dasar"),
        _("Tombol, menu, kartu, dan yang membuka di atas halaman."),
        "apps",
        (
            Example(
                "buttons",
                _("Tombol tautan"),
                _("Satu tombol utama (laut) di setiap halaman; yang menghapus berwarna gawat."),
            ),
            Example(
                "post_button",
                _("Tombol yang bertindak"),
                _("Setiap tindakan adalah formulir kecil. Yang tidak dapat ditarik kembali bertanya dulu."),
            ),
            Example("menu", _("Menu"), _("Untuk tindakan yang jarang. Terbuka juga tanpa skrip.")),
            Example(
                "own_button",
                _("Tombol buatan sendiri"),
                _("Kelas tombol untuk unsur lain, dan ikon yang bermakna bagi pembaca layar."),
            ),
            Example("card", _("Kartu"), _("Satu hal dengan judulnya.")),
            Example("dialog", _("Jendela"), _("Untuk satu pertanyaan singkat. Tanpa skrip isinya terbuka di halaman.")),
            Example(
                "tab_panels",
                _("Panel"),
                _("Bagian satu halaman. Untuk halaman yang beralamat sendiri, pakai tab dari bagian Penunjuk jalan."),
            ),
            Example(
                "toast",
                _("Pesan sambil lalu"),
                _("Hilang sendiri; yang gawat menunggu ditutup. Jangan menyampaikan hal penting hanya di sini."),
            ),
            Example("copy", _("Salin"), _("Teks untuk dibawa ke tempat lain.")),
        ),
    ),
    Group(
        "formulir",
        _("Formulir"),
        _("Isian dengan nama, petunjuk, dan kesalahannya."),
        "clipboard-list",
        (
            Example("form", _("Formulir lengkap"), _("Kirim kosong untuk melihat kesalahan. Tidak ada yang disimpan.")),
            Example(
                "fields", _("Segala jenis isian"), _("Satu perintah menulis semua isian sebuah formulir, berurutan.")
            ),
            Example(
                "self_field", _("Isian berulang"), _("Satu isian dari sebuah daftar, di tempat yang Anda atur sendiri.")
            ),
            Example(
                "upload",
                _("Berkas"),
                _("Nama, ukuran, dan gambar terlihat sebelum dikirim; kamera ponsel dapat dipakai."),
            ),
            Example("map_field", _("Letak di peta"), _("Ketuk, geser, pakai lokasi perangkat, atau ketik angkanya.")),
            Example("search_box", _("Pencarian"), _("Sebuah GET biasa: alamatnya dapat disimpan.")),
            Example("confirm_typing", _("Mengetik untuk memastikan"), _("Untuk yang tidak dapat ditarik kembali.")),
            Example("help", _("Bantuan"), _("Di samping formulir pada layar lebar, terlipat di atasnya pada ponsel.")),
            Example("errors", _("Kesalahan"), _("Ringkasan di atas, tautan ke setiap isian, dan kalimat di isiannya.")),
        ),
    ),
    Group(
        "tabel",
        _("Tabel dan angka"),
        _("Daftar, angka, dan tempat yang masih kosong."),
        "table",
        (
            Example("table", _("Tabel"), _("Menjadi kartu pada ponsel. Angka rata kanan.")),
            Example("listing", _("Daftar panjang"), _("Diurutkan, disaring, dibagi halaman, dan diunduh.")),
            Example("list_cell", _("Sel daftar"), _("Daftar yang sebagian selnya ditulis sendiri.")),
            Example("pagination", _("Halaman daftar")),
            Example("definitions", _("Nama dan nilai")),
            Example("stats", _("Angka besar"), _("Paling banyak enam, yang terpenting dulu.")),
            Example("empty", _("Belum ada isi"), _("Apa yang akan tampil di sini, dan langkah pertamanya.")),
        ),
    ),
    Group(
        "jalan",
        _("Penunjuk jalan"),
        _("Di mana saya, ke mana saya dapat pergi."),
        "map-2",
        (
            Example("breadcrumbs", _("Jejak halaman")),
            Example("tabs", _("Tab"), _("Tampilan lain dari hal yang sama; masing-masing beralamat.")),
            Example("steps", _("Langkah tugas"), _("Kemajuan di sebuah tugas.")),
            Example("choices", _("Pilihan"), _("Satu sentuhan untuk satu pilihan.")),
            Example("tiles", _("Petak layanan"), _("Nama pemberi hibah selalu tertulis.")),
            Example("unit_note", _("Unit kerja"), _("Muncul bila petugas sedang memilih satu unit saja.")),
        ),
    ),
    Group(
        "status",
        _("Status dan riwayat"),
        _("Keadaan dengan kata, ikon, dan warna bersama-sama."),
        "circle-check",
        (
            Example("status", _("Keadaan")),
            Example("notice", _("Catatan di halaman")),
            Example("flashes", _("Pesan setelah bertindak")),
            Example("timeline", _("Riwayat"), _("Apa yang terjadi, kapan, dan oleh siapa.")),
            Example("trail", _("Riwayat perubahan"), _("Jejak audit di kaki halaman sebuah hal.")),
            Example("status_steps", _("Perjalanan permohonan"), _("Yang sudah, yang sedang, dan yang akan.")),
            Example("moment", _("Waktu"), _("Dengan zona waktunya.")),
            Example("live", _("Bagian yang memperbarui diri"), _("Dibacakan pembaca layar bila berubah.")),
        ),
    ),
    Group(
        "grafik",
        _("Grafik, peta, kalender"),
        _("Digambar server; angkanya selalu dapat dibaca sebagai tabel."),
        "chart-bar",
        (
            Example("bar_chart", _("Batang"), _("Untuk membandingkan.")),
            Example(
                "bar_chart_upright", _("Batang tegak"), _("Untuk banyak hari; berdiri sendiri bila lebih dari 24.")
            ),
            Example("bar_chart_below_zero", _("Di bawah nol"), _("Yang tidak diketahui bertanda strip.")),
            Example("line_chart", _("Garis"), _("Untuk perjalanan waktu. Celah berarti tidak ada angka.")),
            Example("share_bar", _("Bagian"), _("Jumlah persennya selalu seratus.")),
            Example("spark", _("Garis kecil"), _("Di samping angka yang tertulis.")),
            Example("map", _("Peta"), _("Daftar tautannya selalu ada, juga tanpa peta.")),
            Example(
                "layered_map",
                _("Peta yang bertanya"),
                _("Isinya diambil sepotong-sepotong menurut saringan dan bagian yang tampak."),
            ),
            Example("calendar", _("Kalender"), _("Senin lebih dulu; menjadi daftar pada ponsel.")),
        ),
    ),
    Group("bingkai", _("Bingkai halaman"), _("Lima macam halaman, masing-masing dibuka utuh."), "browser"),
    Group(
        "ruang",
        _("Layar, kios, kertas"),
        _("Bagian untuk dibaca dari jauh dan dibawa pulang."),
        "device-tv",
        (
            Example("ticket", _("Nomor untuk difoto")),
            Example("now", _("Yang sedang dipanggil"), _("Setengah layar, angkanya sebesar mungkin.")),
        ),
    ),
    Group("warna", _("Warna, huruf, jarak"), _("Bahan tampilan, dengan kontras yang terukur."), "palette"),
    Group("ikon", _("Ikon"), _("Semua ikon yang dapat dipakai, menurut namanya."), "photo"),
    Group("kata", _("Kata dan nada"), _("Cara Lumbung berbicara."), "message-circle"),
)


def find_group(name: str) -> Group | None:
    """Return a group by its name in the address, None when there is none."""
    return next((group for group in GROUPS if group.name == name), None)


def find_frame(name: str) -> Frame | None:
    """Return a frame by its name in the address, None when there is none."""
    return next((frame for frame in FRAMES if frame.name == name), None)
