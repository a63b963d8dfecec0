// Speaking a call in Indonesian: with the browser's own voice when it has one, else with the clips in voice/.
// Announcements wait in one queue: none is lost, none is spoken over another.

const DIGITS = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"];

/** The number of a counter as clips: 3, sepuluh, sebelas, 2 belas, 4 puluh 7. */
export function counterClips(number) {
  const tens = Math.floor(number / 10);
  const ones = number % 10;
  if (number < 10) return [String(number)];
  if (number === 10) return ["sepuluh"];
  if (number === 11) return ["sebelas"];
  if (tens === 1) return [String(ones), "belas"];
  return [String(tens), "puluh", ...(ones ? [String(ones)] : [])];
}

/** The clips of a whole announcement, letter by letter and digit by digit. */
export function clips(call) {
  const letters = [...call.label.toLowerCase()].filter((letter) => /[a-z0-9]/.test(letter));
  return ["nomor", ...letters, "loket", ...counterClips(call.counter)];
}

/** The same as a sentence: Nomor antrean, A nol nol tujuh, silakan ke loket tiga. */
export function sentence(call) {
  const spelled = [...call.label].filter((letter) => /[A-Za-z0-9]/.test(letter)).map((letter) => DIGITS[letter] ?? letter.toUpperCase());
  const counter = counterClips(call.counter).map((word) => DIGITS[word] ?? word).join(" ");
  return `Nomor antrean, ${spelled.join(" ")}, silakan ke loket ${counter}`;
}

export class Speaker {
  constructor(folder, said) {
    this.folder = folder;
    this.said = said;
    this.queue = [];
    this.busy = false;
    this.context = null;
  }

  get isOn() { return this.context !== null; }

  /** Browsers allow sound only after a press; this is that press. */
  unlock() {
    this.context ??= new AudioContext();
    this.context.resume();
    speechSynthesis?.getVoices();
  }

  announce(call) {
    if (!this.isOn) return;
    this.queue.push(call);
    if (!this.busy) this.work();
  }

  async work() {
    this.busy = true;
    while (this.queue.length) {
      const call = this.queue.shift();
      try {
        await this.chime();
        await this.speak(call);
      } catch { /* a voice that fails must not silence the next call */ }
      this.said(call, sentence(call));
    }
    this.busy = false;
  }

  voice() {
    return globalThis.speechSynthesis?.getVoices().find((voice) => voice.lang.replace("_", "-").toLowerCase().startsWith("id"));
  }

  speak(call) {
    const voice = this.voice();
    return voice ? this.speakWith(voice, sentence(call)) : this.play(clips(call));
  }

  speakWith(voice, text) {
    return new Promise((resolve) => {
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      utterance.rate = 0.9;
      utterance.onend = utterance.onerror = resolve;
      setTimeout(resolve, 15000); // some browsers forget to say that they have ended
      speechSynthesis.speak(utterance);
    });
  }

  async play(names) {
    for (const name of names) await this.playClip(`${this.folder}${name}.mp3`);
  }

  playClip(url) {
    return new Promise((resolve) => {
      const audio = new Audio(url);
      audio.onended = audio.onerror = resolve;
      setTimeout(resolve, 5000);
      audio.play().catch(resolve);
    });
  }

  /** Two soft notes. */
  async chime() {
    const start = this.context.currentTime;
    for (const [index, pitch] of [659.3, 523.3].entries()) {
      const note = this.context.createOscillator();
      const loudness = this.context.createGain();
      note.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.0001, start + index * 0.4);
      loudness.gain.exponentialRampToValueAtTime(0.3, start + index * 0.4 + 0.03);
      loudness.gain.exponentialRampToValueAtTime(0.0001, start + index * 0.4 + 0.6);
      note.connect(loudness).connect(this.context.destination);
      note.start(start + index * 0.4);
      note.stop(start + index * 0.4 + 0.65);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
