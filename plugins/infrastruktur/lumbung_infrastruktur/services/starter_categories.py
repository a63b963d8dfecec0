"""The first set of categories: written for an Indonesian regency, to be changed by the office.

Days are working days, metres are how near another open report of the same kind is taken for the same damage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Option = tuple[str, str, str]  # key, Indonesian, English


@dataclass(frozen=True)
class StarterQuestion:
    """A question of a category, as `models.Question` keeps it."""

    code: str
    datatype: str
    text: str
    text_en: str
    options: tuple[Option, ...] = ()
    hint: str = ""
    hint_en: str = ""
    required: bool = False
    variable: bool = True


@dataclass(frozen=True)
class StarterCategory:
    """A category, as `models.Category` keeps it, with its questions."""

    code: str
    group: str
    name: str
    name_en: str
    about: str
    about_en: str
    keywords: str
    icon: str
    days: int
    metres: int = 30
    asset: str = ""
    needs_photo: bool = False
    questions: tuple[StarterQuestion, ...] = field(default_factory=tuple)

    def values(self) -> dict[str, Any]:
        """The columns of the category."""
        return {
            "code": self.code,
            "group": self.group,
            "name": self.name,
            "name_en": self.name_en,
            "description": self.about,
            "description_en": self.about_en,
            "keywords": self.keywords,
            "icon": self.icon,
            "sla_days": self.days,
            "radius_m": self.metres,
            "asset_kind": self.asset,
            "needs_photo": self.needs_photo,
        }


Q, C = StarterQuestion, StarterCategory

TRAFFIC = Q(
    "lalu_lintas", "singlevaluelist", "Apakah kendaraan masih dapat lewat?", "Can vehicles still pass?",
    (("lancar", "Ya, lancar", "Yes, freely"), ("sebagian", "Hanya sebagian jalan", "Only part of the road"),
     ("tertutup", "Tidak dapat lewat", "Not at all")),
)  # fmt: skip
DANGER = Q(
    "dampak", "multivaluelist", "Apa akibatnya sekarang?", "What does it cause now?",
    (("kecelakaan", "Sudah ada kecelakaan", "There was an accident"), ("macet", "Kendaraan tertahan", "Vehicles queue"),
     ("genangan", "Air tergenang", "Standing water"),
     ("rumah", "Rumah atau usaha terganggu", "Homes or shops affected"),
     ("belum", "Belum ada", "Nothing yet")),
)  # fmt: skip
SINCE = Q(
    "sejak", "datetime", "Sejak kapan terlihat?", "Since when has it been there?", hint="Perkiraan saja cukup.",
    hint_en="An estimate is enough.",
)  # fmt: skip
CALL_112 = Q(
    "darurat", "text", "Bila ada orang terluka atau jiwa terancam, hubungi 112 lebih dulu.",
    "If somebody is hurt or in danger, call 112 first.", variable=False,
)  # fmt: skip

CATEGORIES: tuple[StarterCategory, ...] = (
    C("jalan_berlubang", "jalan", "Jalan berlubang", "Pothole",
      "Lubang pada badan jalan yang membahayakan pengendara.", "A hole in the road that endangers riders.",
      "lubang, aspal, jalan rusak, pothole", "road", 14, 30, "road", questions=(
          Q("ukuran", "singlevaluelist", "Seberapa besar lubangnya?", "How large is the hole?",
            (("piring", "Selebar piring", "As wide as a plate"), ("ban", "Selebar ban motor", "As wide as a wheel"),
             ("motor", "Sepanjang motor atau lebih", "As long as a motorbike or more")), required=True),
          Q("dalam_cm", "number", "Kira-kira berapa sentimeter dalamnya?", "About how many centimetres deep is it?",
            hint="Setinggi mata kaki kira-kira 10 cm.", hint_en="Ankle height is about 10 cm."),
          TRAFFIC)),
    C("jalan_amblas", "jalan", "Jalan amblas atau longsor", "Road collapsed or slid away",
      "Badan atau bahu jalan turun, retak panjang, atau terbawa longsor.",
      "The road or its shoulder sinks, cracks along, or slides away.",
      "amblas, longsor, retak, bahu jalan, tebing", "barrier-block", 5, 60, "road", questions=(
          TRAFFIC,
          Q("panjang_m", "number", "Kira-kira berapa meter panjangnya?", "About how many metres long is it?"),
          CALL_112)),
    C("jalan_bergelombang", "jalan", "Aspal mengelupas atau bergelombang", "Worn or uneven surface",
      "Permukaan jalan rusak merata, bukan satu lubang.", "The surface is worn all over, not one hole.",
      "aspal, bergelombang, mengelupas, kerikil, berdebu", "road", 30, 80, "road", questions=(
          Q("panjang_m", "number", "Kira-kira berapa meter yang rusak?", "About how many metres are damaged?"), SINCE)),
    C("trotoar_rusak", "jalan", "Trotoar rusak", "Damaged pavement",
      "Ubin lepas, lubang, atau terhalang sehingga pejalan kaki turun ke jalan.",
      "Loose tiles, holes or obstacles that push walkers onto the road.",
      "trotoar, pejalan kaki, kursi roda, guiding block", "wheelchair", 21, 30, "road", questions=(
          Q("terhalang", "multivaluelist", "Siapa yang tidak dapat lewat?", "Who cannot pass?",
            (("kursi_roda", "Kursi roda atau kereta bayi", "Wheelchairs or prams"),
             ("tunanetra", "Pengguna jalur pemandu", "Users of the guiding blocks"),
             ("semua", "Semua pejalan kaki", "All walkers")),),)),
    C("jembatan_rusak", "jembatan", "Jembatan rusak", "Damaged bridge",
      "Lantai, pagar, atau tiang jembatan rusak.", "Deck, railing or piers of a bridge are damaged.",
      "jembatan, gorong-gorong, pagar jembatan, lantai", "building-bridge", 30, 60, "bridge", True, questions=(
          Q("bagian", "multivaluelist", "Bagian mana yang rusak?", "Which part is damaged?",
            (("lantai", "Lantai", "Deck"), ("pagar", "Pagar", "Railing"),
             ("tiang", "Tiang atau kepala jembatan", "Piers"),
             ("sambungan", "Sambungan dengan jalan", "Joint with the road")), required=True),
          TRAFFIC, CALL_112)),
    C("saluran_mampet", "drainase", "Saluran mampet", "Blocked drain",
      "Air tidak mengalir karena sampah, lumpur, atau tanaman.", "Water does not flow for rubbish, mud or plants.",
      "got, selokan, parit, drainase, sampah, mampet", "droplets", 7, 40, "drain", questions=(
          Q("penyebab", "singlevaluelist", "Tersumbat oleh apa?", "What blocks it?",
            (("sampah", "Sampah", "Rubbish"), ("lumpur", "Lumpur atau pasir", "Mud or sand"),
             ("tanaman", "Tanaman", "Plants"), ("bangunan", "Bangunan di atasnya", "Something built over it"),
             ("lain", "Tidak tahu", "Not known"))), DANGER)),
    C("saluran_rusak", "drainase", "Saluran atau tutupnya rusak", "Damaged drain or cover",
      "Dinding saluran roboh, atau tutupnya pecah dan hilang.", "The wall fell in, or the cover is broken or gone.",
      "tutup got, grill, lubang saluran, dinding", "droplets", 10, 25, "drain", questions=(
          Q("terbuka", "singlevaluelist", "Apakah ada lubang terbuka di tempat orang lewat?",
            "Is there an open hole where people walk?", (("ya", "Ya", "Yes"), ("tidak", "Tidak", "No"))), DANGER)),
    C("genangan_banjir", "drainase", "Genangan atau banjir", "Standing water or flood",
      "Air menggenangi jalan atau permukiman setelah hujan.", "Water stands on roads or between homes after rain.",
      "banjir, genangan, air meluap, hujan", "cloud-rain", 3, 100, "drain", questions=(
          Q("tinggi", "singlevaluelist", "Setinggi apa airnya?", "How high is the water?",
            (("mata_kaki", "Mata kaki", "Ankle"), ("lutut", "Lutut", "Knee"),
             ("pinggang", "Pinggang atau lebih", "Waist or more")),
            required=True), DANGER, CALL_112)),
    C("irigasi_rusak", "irigasi", "Saluran irigasi rusak", "Damaged irrigation canal",
      "Tanggul jebol, pintu air rusak, atau saluran bocor.", "A broken bank, gate or leaking canal.",
      "irigasi, sawah, pintu air, tanggul, bendung", "ripple", 14, 80, "irrigation", questions=(
          Q("bagian", "singlevaluelist", "Apa yang rusak?", "What is damaged?",
            (("tanggul", "Tanggul", "Bank"), ("pintu", "Pintu air", "Gate"),
             ("lantai", "Dasar atau dinding", "Bed or wall"),
             ("endapan", "Penuh endapan", "Full of silt"))),
          Q("luas_ha", "number", "Kira-kira berapa hektare sawah terdampak?",
          "About how many hectares are affected?"))),
    C("lampu_mati", "pju", "Lampu jalan mati", "Street lamp out",
      "Lampu penerangan jalan tidak menyala pada malam hari.", "A street lamp stays dark at night.",
      "pju, lampu, gelap, penerangan", "bulb", 3, 20, "lamp", questions=(
          Q("jumlah", "singlevaluelist", "Berapa lampu yang mati?", "How many lamps are out?",
            (("satu", "Satu", "One"), ("beberapa", "Beberapa berturut-turut", "Several in a row"),
             ("semua", "Sepanjang jalan", "The whole street"))),
          Q("nomor_tiang", "string", "Nomor pada tiang, bila ada", "The number on the post, if there is one"))),
    C("tiang_lampu_rusak", "pju", "Tiang atau kabel lampu berbahaya", "Dangerous lamp post or cable",
      "Tiang miring, roboh, atau kabel menjuntai.", "A leaning or fallen post, or a hanging cable.",
      "tiang, kabel, listrik, roboh, menjuntai", "bolt", 1, 25, "lamp", questions=(
          Q("jaga_jarak", "text", "Jangan menyentuh kabel yang putus. Bila itu kabel PLN, hubungi 123.",
            "Do not touch a broken cable. If it belongs to PLN, call 123.", variable=False),
          Q("keadaan", "singlevaluelist", "Bagaimana keadaannya?", "How is it?",
            (("miring", "Miring", "Leaning"), ("roboh", "Roboh", "Fallen"),
             ("kabel", "Kabel menjuntai", "Cable hanging")),
            required=True))),
    C("rambu_rusak", "rambu", "Rambu rusak atau hilang", "Sign damaged or gone",
      "Rambu lalu lintas roboh, tertutup, pudar, atau hilang.", "A traffic sign that fell, is covered, faded or gone.",
      "rambu, petunjuk, papan nama jalan", "sign-right", 10, 25, "sign", questions=(
          Q("rambu", "string", "Rambu apa?", "Which sign?", hint="Misalnya: dilarang berhenti.",
            hint_en="For instance: no stopping."),)),
    C("lampu_lalu_lintas", "rambu", "Lampu lalu lintas mati", "Traffic lights out",
      "Lampu pengatur lalu lintas padam atau tidak bergantian.", "Traffic lights are dark or stuck.",
      "traffic light, lampu merah, apill", "traffic-lights", 1, 60, "sign", questions=(
          Q("arah", "text", "Dari arah mana lampunya tidak menyala?", "From which side are the lights out?"),)),
    C("marka_pudar", "rambu", "Marka pudar", "Faded marking",
      "Garis jalan atau zebra cross tidak terlihat lagi.", "Lines or a crossing can no longer be seen.",
      "marka, zebra cross, garis, penyeberangan", "traffic-cone", 30, 60, "road", questions=(
          Q("jenis", "singlevaluelist", "Marka apa?", "Which marking?",
            (("zebra", "Penyeberangan", "Crossing"), ("garis", "Garis jalan", "Lines"),
             ("sekolah", "Zona sekolah", "School zone"))),)),
    C("pohon_tumbang", "pohon", "Pohon tumbang", "Fallen tree",
      "Pohon atau dahan besar menutup jalan atau menimpa sesuatu.",
      "A tree or large branch blocks the road or fell on something.",
      "pohon, tumbang, dahan, angin", "tree", 1, 40, questions=(
          TRAFFIC,
          Q("menimpa", "multivaluelist", "Apa yang tertimpa?", "What did it fall on?",
            (("jalan", "Jalan", "Road"), ("kabel", "Kabel listrik", "Power cable"),
             ("bangunan", "Bangunan", "Building"),
             ("kendaraan", "Kendaraan", "Vehicle"))), CALL_112)),
    C("pohon_rawan", "pohon", "Pohon perlu dipangkas", "Tree to be pruned",
      "Dahan kering, miring, atau menutup lampu dan rambu.",
      "Dry or leaning branches, or ones that cover lamps and signs.",
      "pangkas, dahan, ranting, rawan tumbang", "leaf", 14, 25, questions=(
          Q("alasan", "multivaluelist", "Mengapa perlu dipangkas?", "Why should it be pruned?",
            (("kering", "Kering atau lapuk", "Dry or rotten"), ("miring", "Miring", "Leaning"),
             ("lampu", "Menutup lampu", "Covers a lamp"), ("rambu", "Menutup rambu", "Covers a sign"),
             ("kabel", "Mengenai kabel", "Touches cables"))),)),
    C("pipa_bocor", "air_bersih", "Pipa air bocor", "Leaking water pipe",
      "Air bersih keluar dari pipa di tepi jalan.", "Clean water runs out of a pipe at the roadside.",
      "pdam, pipa, bocor, air bersih", "droplet", 3, 40, questions=(
          Q("deras", "singlevaluelist", "Seberapa deras?", "How strong is it?",
            (("menetes", "Menetes", "Drips"), ("mengalir", "Mengalir", "Runs"),
             ("menyembur", "Menyembur", "Sprays"))), SINCE)),
    C("bangunan_rusak", "bangunan", "Bangunan publik rusak", "Damaged public building",
      "Halte, balai, pasar, taman, atau gedung milik daerah.",
      "A shelter, hall, market, park or building of the region.",
      "halte, pasar, taman, gedung, atap, toilet umum", "building-community", 30, 40, "building", questions=(
          Q("bangunan", "string", "Bangunan apa?", "Which building?", required=True),
          Q("bagian", "multivaluelist", "Apa yang rusak?", "What is damaged?",
            (("atap", "Atap", "Roof"), ("lantai", "Lantai atau tangga", "Floor or stairs"),
             ("air", "Air atau toilet", "Water or toilet"),
             ("listrik", "Listrik", "Electricity"), ("lain", "Lainnya", "Something else"))))),
    C("lainnya", "lain", "Kerusakan lain", "Other damage",
      "Fasilitas umum yang rusak dan tidak ada dalam daftar.", "Public facilities that are not in the list.",
      "lainnya, fasilitas umum", "tool", 14, 25, questions=(
          Q("apa", "string", "Apa yang rusak?", "What is damaged?", required=True),)),
)  # fmt: skip
