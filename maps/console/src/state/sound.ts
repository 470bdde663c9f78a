/** Two short tones for an alarm; a browser that lets nobody play is no failure. */
const TONES: [number, number][] = [[660, 0], [880, 0.18]];
let context: AudioContext | null = null;

/** Play the sound of an alarm. */
export function playAlarm(): void {
  try {
    context ??= new AudioContext();
    for (const [pitch, after] of TONES) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = pitch;
      volume.gain.value = 0.08;
      tone.connect(volume).connect(context.destination);
      tone.start(context.currentTime + after);
      tone.stop(context.currentTime + after + 0.15);
    }
  } catch {
    context = null;
  }
}
