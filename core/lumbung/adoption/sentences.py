"""The words of each kind of finding: what was seen, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lumbung.bilingual import Bilingual, Catalogue

both = Catalogue("lumbung").both
Said = tuple[Bilingual, Bilingual]

WORDS: Mapping[str, Callable[..., Said]] = {
    "debug": lambda **v: (
        both("Mode pengembang menyala: galat menampilkan kode, jalur berkas, dan rahasia kepada siapa saja."),
        both("Dimatikan oleh pengaturan yang dibuatkan; periksa bahwa galat tidak lagi menampilkan kode."),
    ),
    "errors_shown": lambda **v: (
        both("Galat PHP ditampilkan di halaman."),
        both("Dimatikan oleh pengaturan yang dibuatkan; periksa satu halaman galat."),
    ),
    "secret_key": lambda **v: (
        both("Kunci rahasia tertulis di dalam kode: siapa pun yang pernah melihat kodenya dapat memalsukan sesi."),
        both("Diganti untuk Django dan Flask; bagi yang lain, mintalah penyumbang membacanya dari lingkungan."),
    ),
    "password_in_code": lambda **v: (
        both("Kata sandi tertulis di dalam kode."),
        both("Jangan pakai kata sandi itu di mana pun lagi; basis data di sini mempunyai kata sandinya sendiri."),
    ),
    "password_made": lambda **v: (
        both("Kodenya membuat akun dengan kata sandi yang tertulis di situ."),
        both("Ganti kata sandi akun itu sebelum aplikasi dibuka."),
    ),
    "api_key": lambda **v: (
        both("Kunci layanan luar (API) tertulis di dalam kode."),
        both("Mintalah pemiliknya mencabut kunci itu, dan putuskan apakah layanannya masih diperlukan."),
    ),
    "account_fixed": lambda **v: (
        both("Akun basis data tertulis tetap di dalam kode (%(way)s) dan tidak dapat diganti dari luar.", **v),
        both("Mintalah penyumbang membaca akun dari lingkungan (DB_HOST, DB_USER, DB_PASSWORD, DB_NAME)."),
    ),
    "phpinfo": lambda **v: (
        both("Sebuah halaman menampilkan seluruh keadaan PHP (phpinfo)."),
        both("Ditutup oleh aturan akses yang dibuatkan; hapus pada versi berikutnya."),
    ),
    "sql_page": lambda **v: (
        both("Sebuah halaman menjalankan SQL apa pun yang dikirim kepadanya."),
        both("Ditutup oleh aturan akses yang dibuatkan; jangan dibuka."),
    ),
    "cdn": lambda **v: (
        both(
            "Halamannya mengambil berkas dari situs lain (%(host)s): tanpa internet tampilannya rusak, dan situs itu "
            "tahu siapa berkunjung.",
            **v,
        ),
        both("Putuskan apakah ini boleh; bila tidak, mintalah penyumbang menyertakan berkasnya."),
    ),
    "time_zone": lambda **v: (
        both("Zona waktunya tertulis tetap: %(zone)s.", **v),
        both("Periksa jam pada surat dan laporan: Sumbawa memakai WITA (Asia/Makassar)."),
    ),
    "old_host": lambda **v: (
        both("Alamat lama tertulis di dalam kode: %(host)s.", **v),
        both("Alamat itu ditulis ulang ketika halaman lewat gerbang; periksa bahwa tidak ada tautan yang tertinggal."),
    ),
    "http_link": lambda **v: (
        both("Tautan atau berkas memakai http:// tanpa sandi (%(host)s).", **v),
        both("Peramban menolak berkas seperti itu pada halaman https; periksa halaman yang memuatnya."),
    ),
    "world_writable": lambda **v: (
        both("Folder ini dapat ditulisi siapa saja di server."),
        both("Izinnya tidak dibawa; folder milik aplikasi di sini hanya dapat ditulisi aplikasi itu sendiri."),
    ),
    "end_of_life": lambda **v: (
        both("%(product)s %(version)s tidak lagi dipelihara oleh pembuatnya.", **v),
        both("Lubang keamanannya tidak ditutup lagi: batasi siapa yang boleh membukanya, dan rencanakan pemutakhiran."),
    ),
    "language_excluded": lambda **v: (
        both("Aplikasi ini meminta %(product)s %(wanted)s; di mesin ini ada %(here)s.", **v),
        both("Pasang versi yang diminta, atau coba setiap halaman sebelum dibuka."),
    ),
    "no_requirements": lambda **v: (
        both("Tidak ada requirements.txt: paket yang diperlukan tidak diketahui."),
        both("Buat berkas itu di tempat penyumbang (pip freeze) dan serahkan lagi."),
    ),
    "no_server": lambda **v: (
        both("Tidak ada server yang layak di antara paketnya (gunicorn, waitress)."),
        both("Dijalankan dengan server bawaannya; cukup untuk kantor kecil, mintalah waitress untuk yang ramai."),
    ),
    "node": lambda **v: (
        both("Ada bagian yang dibangun dengan Node.js (%(scripts)s).", **v),
        both("Hasil bangunnya harus sudah ada di dalam pohon; di sini tidak ada yang dibangun."),
    ),
    "default_account": lambda **v: (
        both("Akun %(name)s di tabel %(table)s memakai kata sandi yang dikenal semua orang.", **v),
        both("Ganti atau hapus akun itu sebelum aplikasi dibuka."),
    ),
    "clear_text": lambda **v: (
        both("Kata sandi disimpan apa adanya di tabel %(table)s (%(count)s akun).", **v),
        both("Anggap semua kata sandi itu bocor: beri tahu pemiliknya, dan jangan bawa akunnya."),
    ),
    "weak_hash": lambda **v: (
        both(
            "Kata sandi disimpan sebagai %(way)s tanpa garam di tabel %(table)s (%(count)s akun).",
            way=v["way"].upper(),
            table=v["table"],
            count=v["count"],
        ),
        both("Sidik seperti itu terbuka dalam hitungan menit: anggap bocor, dan ganti."),
    ),
    "people": lambda **v: (
        both("Dump memuat data orang: tabel %(table)s, kolom %(columns)s.", table=v["table"], columns=v["columns"]),
        both("Bila orangnya sungguhan, tanyakan dasar pemberiannya kepada penyumbang, atau kosongkan tabelnya."),
    ),
    "nik": lambda **v: (
        both("%(count)s nomor yang sah sebagai NIK ada di dalam dump.", **v),
        both("Itu kemungkinan warga sungguhan: jangan dimuat sebelum ada dasar hukumnya."),
    ),
    "several_dumps": lambda **v: (
        both("Ada %(count)s dump; yang dipakai: %(chosen)s.", **v),
        both("Tanyakan mana yang berlaku; yang lain dipilih dengan --set dump=JALUR."),
    ),
    "dump_cut": lambda **v: (
        both("Dump ini berakhir di tengah perintah: tidak utuh."),
        both("Mintalah dump baru; yang ini tidak akan dimuat sampai selesai."),
    ),
    "dump_bytes": lambda **v: (
        both("%(count)s baris dump bukan UTF-8.", **v),
        both("Periksa huruf beraksen dan tanda kutip sesudah dimuat."),
    ),
    "dump_bad": lambda **v: (
        both("Dump ini tidak terbaca: %(reason)s", **v),
        both("Mintalah dump baru dari penyumbang."),
    ),
    "collations": lambda **v: (
        both("Dump memakai urutan huruf MySQL 8 (%(names)s), yang tidak dikenal MariaDB.", **v),
        both("Diganti ketika dimuat; urutan daftar dapat sedikit berbeda."),
    ),
    "old_storage": lambda **v: (
        both("Tabel MyISAM: %(tables)s.", **v),
        both("Cadangkan sering: tabel seperti itu dapat rusak ketika mesin mati mendadak."),
    ),
    "left_out": lambda **v: (
        both("%(count)s hal tidak dibawa: %(names)s.", **v),
        both(
            "Riwayat git, tembolok, tautan, dan lingkungan Python dari mesin lain tidak berguna di sini. Tautan yang "
            "diperlukan harus diserahkan sebagai berkas."
        ),
    ),
    "environment_committed": lambda **v: (
        both("Lingkungan Python dari mesin lain ikut diserahkan; tidak dibawa."),
        both("Lingkungan di sini dibuat baru dari requirements.txt."),
    ),
    "env_file": lambda **v: (
        both("Berkas .env yang sungguhan ikut diserahkan, mungkin dengan rahasia."),
        both("Ditutup bagi pengunjung; anggap rahasia di dalamnya bocor."),
    ),
    "htaccess": lambda **v: (
        both("Berkas .htaccess adalah bagian dari aplikasinya."),
        both(
            "Aturan tolak yang sederhana disalin ke aturan akses; aturan tulis-ulang tidak "
            "berlaku di bawah nginx. Coba alamat yang memakainya."
        ),
    ),
    "changing_get": lambda **v: (
        both("Sebuah tautan biasa (GET) menghapus atau mengubah data."),
        both("Perayap dan pratinjau tautan dapat menjalankannya: tutup halamannya bagi yang tidak masuk."),
    ),
    "hints": lambda **v: (
        both("Ada petunjuk menjalankan: %(names)s.", **v),
        both("Bandingkan dengan yang dibuatkan di plugin.toml."),
    ),
    "unread": lambda **v: (
        both("%(count)s berkas teks terlalu besar untuk dibaca.", **v),
        both("Periksa sendiri bila isinya penting."),
    ),
    "not_seen": lambda **v: (
        both(
            "Halaman pengelolaan tanpa masuk, hak akses yang salah, dan SQL yang disusun dari masukan tidak "
            "dapat dilihat dari luar."
        ),
        both("Buka setiap halaman pengelolaan tanpa masuk sebelum aplikasi dibuka untuk umum."),
    ),
}
