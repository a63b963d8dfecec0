<?php
include "config.php";
wajib_masuk();

$id = (int) ($_GET['id'] ?? 0);
$hasil = mysqli_query($koneksi, "SELECT * FROM surat WHERE id=$id");
$surat = mysqli_fetch_assoc($hasil);
include "kepala.php";
if (!$surat) {
    echo "<p>Surat tidak ditemukan.</p>";
} else { ?>
<h1><?php echo aman($surat['perihal']); ?></h1>
<dl>
  <dt>Nomor</dt><dd><?php echo aman($surat['nomor']); ?></dd>
  <dt>Tanggal</dt><dd><?php echo aman($surat['tanggal']); ?></dd>
  <dt>Dari / kepada</dt><dd><?php echo aman($surat['pihak']); ?></dd>
</dl>
<?php if ($surat['berkas']) { ?><a href="/berkas/<?php echo aman($surat['berkas']); ?>">Unduh</a><?php } ?>
<?php }
include "kaki.php";
