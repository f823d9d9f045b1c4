// The notification sound: two soft synthesised tones, no file.
const NOTES_HZ = [659.25, 880]; // E5, A5
const STEP_S = 0.12;
const LENGTH_S = 0.35;
const LOUDNESS = 0.12;

let context: AudioContext | null = null;

/** Play the sound. Browsers allow it only after a click or key press in the page. */
export async function chime(): Promise<void> {
  context ??= new AudioContext();
  if (context.state === "suspended") await context.resume();
  const start = context.currentTime;
  NOTES_HZ.forEach((frequency, place) => tone(context as AudioContext, frequency, start + place * STEP_S));
}

function tone(audio: AudioContext, frequency: number, at: number): void {
  const source = new OscillatorNode(audio, { type: "sine", frequency });
  const loudness = new GainNode(audio, { gain: 0 });
  loudness.gain.linearRampToValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + LENGTH_S);
  source.connect(loudness).connect(audio.destination);
  source.start(at);
  source.stop(at + LENGTH_S);
}
