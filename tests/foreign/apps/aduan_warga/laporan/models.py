from django.conf import settings
from django.db import models


class Laporan(models.Model):
    pelapor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    judul = models.CharField(max_length=120)
    isi = models.TextField()
    selesai = models.BooleanField(default=False)
    dibuat = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-dibuat"]

    def __str__(self):
        return self.judul
