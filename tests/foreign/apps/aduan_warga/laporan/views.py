from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from .models import Laporan


def daftar(request):
    return render(request, "laporan/daftar.html", {"laporan": Laporan.objects.select_related("pelapor")})


@login_required
def tulis(request):
    if request.method == "POST":
        Laporan.objects.create(pelapor=request.user, judul=request.POST["judul"][:120], isi=request.POST["isi"])
        return redirect("daftar")
    return render(request, "laporan/tulis.html")
