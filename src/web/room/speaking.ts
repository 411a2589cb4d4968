import { useEffect } from 'react';
import type { RoomClient } from '../../client/index.ts';

const LOOK_MS = 100;
/** Of full scale: above the noise of a quiet room, below soft speech. */
const SPEECH_LEVEL = 0.02;
/** The pause between two words is not silence. */
const HANGOVER_MS = 600;

/** Tells the room while somebody speaks into this microphone. */
export function useSpeaking(client: RoomClient | undefined, track: MediaStreamTrack | undefined): void {
  useEffect(() => {
    if (client === undefined || track === undefined) return undefined;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heardAt = Number.NEGATIVE_INFINITY;
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      if (level > SPEECH_LEVEL) heardAt = performance.now();
      client.update({ speaking: performance.now() - heardAt < HANGOVER_MS });
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      client.update({ speaking: false });
      void context.close();
    };
  }, [client, track]);
}
