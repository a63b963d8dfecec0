<?php
include "../config.php";
wajib_masuk();
if ($_SESSION['level'] != 'admin') {
    die("Hanya untuk admin.");
}

if ($_SERVER['REQUEST_METHOD'] == 'POST') {
    $nomor = mysqli_real_escape_string($koneksi, $_POST['nomor']);
    $perihal = mysqli_real_escape_string($koneksi, $_POST['perihal']);
    $pihak = mysqli_real_escape_string($koneksi, $_POST['pihak']);
    $berkas = "";
    if (!empty($_FILES['berkas']['name'])) {
        $berkas = time() . "-" . basename($_FILES['berkas']['name']);
        move_uploaded_file($_FILES['berkas']['tmp_name'], "../berkas/" . $berkas);
    }
    mysqli_query($koneksi, "INSERT INTO surat (nomor, tanggal, perihal, pihak, berkas)
        VALUES ('$nomor', CURDATE(), '$perihal', '$pihak', '$berkas')");
    header("Location: " . $base_url . "admin/");
    exit;
}
// menghapus lewat tautan biasa
if (isset($_GET['hapus'])) {
    mysqli_query($koneksi, "DELETE FROM surat WHERE id=" . (int) $_GET['hapus']);
    header("Location: " . $base_url . "admin/");
    exit;
}
$hasil = mysqli_query($koneksi, "SELECT * FROM surat ORDER BY id DESC");
include "../kepala.php";
?>
<h1>Kelola surat</h1>
<form method="post" enctype="multipart/form-data" action="/admin/">
  <input name="nomor" placeholder="Nomor"> <input name="perihal" placeholder="Perihal">
  <input name="pihak" placeholder="Dari / kepada"> <input type="file" name="berkas"> <button>Simpan</button>
</form>
<ul>
  <?php while ($baris = mysqli_fetch_assoc($hasil)) { ?>
  <li><?php echo aman($baris['perihal']); ?> <a href="/admin/?hapus=<?php echo $baris['id']; ?>">Hapus</a></li>
  <?php } ?>
</ul>
<?php include "../kaki.php"; ?>
