"""Jalankan sekali: membuat tabel dan akun admin."""
from werkzeug.security import generate_password_hash

from app import app
from models import Petugas, db

with app.app_context():
    db.create_all()
    if not Petugas.query.filter_by(username="admin").first():
        db.session.add(Petugas(username="admin", password=generate_password_hash("admin"), nama="Administrator"))
        db.session.commit()
