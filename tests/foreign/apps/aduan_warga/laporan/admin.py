from django.contrib import admin

from .models import Laporan

admin.site.register(Laporan)
