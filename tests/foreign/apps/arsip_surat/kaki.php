</main>
<footer>Hibah Sekretariat Daerah Kota Contoh, 2019</footer>
</body>
</html>
