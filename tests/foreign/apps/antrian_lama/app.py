"""Antrian loket, Dinas Kependudukan Kota Contoh (2022)."""
import os
from datetime import datetime

from flask import Flask, flash, jsonify, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash

from models import Antrian, Petugas, db

app = Flask(__name__)
app.config["SECRET_KEY"] = "antrian-rahasia-2022"
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///antrian.db")
app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] = False
db.init_app(app)

ALAMAT = "http://localhost:5000"


def hari_ini():
    return datetime.now().strftime("%Y-%m-%d")


@app.route("/")
def index():
    jumlah = Antrian.query.filter_by(tanggal=hari_ini()).count()
    return render_template("index.html", jumlah=jumlah, alamat=ALAMAT)


@app.route("/ambil", methods=["POST"])
def ambil():
    terakhir = Antrian.query.filter_by(tanggal=hari_ini()).order_by(Antrian.nomor.desc()).first()
    baru = Antrian(tanggal=hari_ini(), nomor=(terakhir.nomor if terakhir else 0) + 1, nama=request.form.get("nama", ""))
    db.session.add(baru)
    db.session.commit()
    return redirect(ALAMAT + url_for("tiket", id=baru.id))


@app.route("/tiket/<int:id>")
def tiket(id):
    return render_template("tiket.html", antrian=Antrian.query.get_or_404(id))


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        orang = Petugas.query.filter_by(username=request.form["username"]).first()
        if orang and check_password_hash(orang.password, request.form["password"]):
            session["petugas"] = orang.username
            return redirect(url_for("loket"))
        flash("Nama pengguna atau kata sandi salah")
    return render_template("login.html")


@app.route("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))


@app.route("/loket")
def loket():
    if "petugas" not in session:
        return redirect(url_for("login"))
    menunggu = Antrian.query.filter_by(tanggal=hari_ini(), dipanggil=False).order_by(Antrian.nomor).all()
    return render_template("loket.html", menunggu=menunggu)


@app.route("/panggil/<int:id>")
def panggil(id):
    if "petugas" not in session:
        return redirect(url_for("login"))
    Antrian.query.get_or_404(id).dipanggil = True
    db.session.commit()
    return redirect(url_for("loket"))


@app.route("/api/antrian")
def api():
    semua = Antrian.query.filter_by(tanggal=hari_ini()).all()
    return jsonify([{"nomor": satu.nomor, "dipanggil": satu.dipanggil} for satu in semua])


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000, debug=True)
