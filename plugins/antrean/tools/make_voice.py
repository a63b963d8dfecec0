"""Make the voice clips in `lumbung_antrean/static/voice/`: needs espeak-ng and lame, at development time only.

They are what the wall plays where the browser has no Indonesian voice. Run from anywhere:
``python plugins/antrean/tools/make_voice.py``.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "lumbung_antrean" / "static" / "voice"

LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        [
            "a",
            "be",
            "ce",
            "de",
            "e",
            "ef",
            "ge",
            "ha",
            "i",
            "je",
            "ka",
            "el",
            "em",
            "en",
            "o",
            "pe",
            "ki",
            "er",
            "es",
            "te",
            "u",
            "fe",
            "we",
            "eks",
            "ye",
            "zet",
        ],
        strict=True,
    )
)
DIGITS = dict(
    zip(
        "0123456789",
        ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"],
        strict=True,
    )
)
WORDS = {
    "nomor": "Nomor antrean",
    "loket": "silakan ke loket",
    "sepuluh": "sepuluh",
    "sebelas": "sebelas",
    "belas": "belas",
    "puluh": "puluh",
}


def main() -> None:
    """Speak every clip and compress it; trailing silence is cut by espeak-ng (-z)."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**LETTERS, **DIGITS, **WORDS}.items():
            wave = Path(folder) / f"{name}.wav"
            subprocess.run(["espeak-ng", "-v", "id", "-s", "135", "-p", "45", "-z", "-w", wave, text], check=True)
            subprocess.run(
                ["lame", "--quiet", "-m", "m", "-b", "24", "--resample", "16", wave, FOLDER / f"{name}.mp3"],
                check=True,
            )


if __name__ == "__main__":
    main()
