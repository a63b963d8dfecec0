<!DOCTYPE html>
<html lang="id">
<head>
  <meta charset="utf-8">
  <title>Arsip Surat</title>
  <link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/bootstrap@3.4.1/dist/css/bootstrap.min.css">
  <link rel="stylesheet" href="/assets/gaya.css">
</head>
<body>
<nav>
  <b><?php echo aman($nama_instansi); ?></b>
  <?php if (!empty($_SESSION['pengguna'])) { ?>
    <a href="/index.php">Surat</a>
    <?php if ($_SESSION['level'] == 'admin') { ?><a href="/admin/">Kelola</a><?php } ?>
    <span><?php echo aman($_SESSION['nama']); ?></span>
    <a href="/logout.php">Keluar</a>
  <?php } ?>
</nav>
<main>
