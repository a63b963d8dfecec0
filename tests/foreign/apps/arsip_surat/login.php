<?php
include "config.php";

$pesan = "";
if ($_SERVER['REQUEST_METHOD'] == 'POST') {
    $username = mysqli_real_escape_string($koneksi, $_POST['username']);
    $password = md5($_POST['password']);
    $hasil = mysqli_query($koneksi, "SELECT * FROM pengguna WHERE username='$username' AND password='$password'");
    $orang = mysqli_fetch_assoc($hasil);
    if ($orang) {
        $_SESSION['pengguna'] = $orang['username'];
        $_SESSION['nama'] = $orang['nama'];
        $_SESSION['level'] = $orang['level'];
        mysqli_query($koneksi, "UPDATE pengguna SET terakhir=NOW() WHERE id=" . (int) $orang['id']);
        header("Location: " . $base_url . "index.php");
        exit;
    }
    $pesan = "Username atau password salah.";
}
include "kepala.php";
?>
<h1>Masuk</h1>
<p class="salah"><?php echo aman($pesan); ?></p>
<form method="post" action="/login.php">
  <label>Username <input name="username"></label>
  <label>Password <input name="password" type="password"></label>
  <button>Masuk</button>
</form>
<?php include "kaki.php"; ?>
