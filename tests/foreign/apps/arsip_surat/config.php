<?php
// Pengaturan aplikasi arsip surat
error_reporting(E_ALL);
ini_set('display_errors', 1);
date_default_timezone_set('Asia/Jakarta');

session_start();

$base_url = "http://arsip.kota-contoh.example/";
$nama_instansi = "Sekretariat Daerah Kota Contoh";

$koneksi = mysqli_connect("localhost", "arsip", "arsip123", "arsip_surat");
if (!$koneksi) {
    echo "Koneksi gagal: " . mysqli_connect_error();
    exit;
}
mysqli_set_charset($koneksi, "utf8mb4");

function wajib_masuk()
{
    global $base_url;
    if (empty($_SESSION['pengguna'])) {
        header("Location: " . $base_url . "login.php");
        exit;
    }
}

function aman($teks)
{
    return htmlspecialchars((string) $teks, ENT_QUOTES, 'UTF-8');
}
