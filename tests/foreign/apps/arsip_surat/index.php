<?php
include "config.php";
wajib_masuk();

$cari = isset($_GET['cari']) ? mysqli_real_escape_string($koneksi, $_GET['cari']) : '';
$sql = "SELECT * FROM surat WHERE perihal LIKE '%$cari%' ORDER BY tanggal DESC";
$hasil = mysqli_query($koneksi, $sql);
include "kepala.php";
?>
<h1>Surat masuk dan keluar</h1>
<form method="get"><input name="cari" value="<?php echo aman($_GET['cari'] ?? ''); ?>"> <button>Cari</button></form>
<table class="table">
  <tr><th>Nomor</th><th>Tanggal</th><th>Perihal</th><th>Dari / kepada</th></tr>
  <?php while ($baris = mysqli_fetch_assoc($hasil)) { ?>
  <tr>
    <td><a href="/surat.php?id=<?php echo $baris['id']; ?>"><?php echo aman($baris['nomor']); ?></a></td>
    <td><?php echo aman($baris['tanggal']); ?></td>
    <td><?php echo aman($baris['perihal']); ?></td>
    <td><?php echo aman($baris['pihak']); ?></td>
  </tr>
  <?php } ?>
</table>
<?php include "kaki.php"; ?>
