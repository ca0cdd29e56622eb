let context: AudioContext | null = null;

/** Two short soft tones. Browsers allow sound only after a click or a key press on the page. */
export function beep(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  const start = context.currentTime;
  for (const [index, pitch] of [880, 1174.7].entries()) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const from = start + index * 0.14;
    tone.type = "sine";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.18, from + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.13);
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + 0.14);
  }
}
