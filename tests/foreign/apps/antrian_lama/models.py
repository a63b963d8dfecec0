from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Antrian(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    tanggal = db.Column(db.String(10), index=True, nullable=False)
    nomor = db.Column(db.Integer, nullable=False)
    nama = db.Column(db.String(100), default="")
    dipanggil = db.Column(db.Boolean, default=False)


class Petugas(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(50), unique=True, nullable=False)
    password = db.Column(db.String(200), nullable=False)
    nama = db.Column(db.String(100), default="")
