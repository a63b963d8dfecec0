from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("laporan.urls")),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("admin/", admin.site.urls),
]
