import { chromium } from 'playwright-core';

/**
 * Prints the greeting of the AI stand-in (src/sfu/stand-in/greeting.json): three notes, made and encoded by Chromium's own
 * Opus encoder, in frames of 20 ms. Run by hand when the greeting is to sound otherwise.
 */

/** Runs in the page: everything that it uses is in it. */
async function encodeChime(): Promise<string[]> {
  const sampleRate = 48_000;
  const frameSamples = 960;
  const frameCount = 55;
  /** C5, E5 and G5, each as a small bell: harmonics that fade faster the higher they are. */
  const notes = [
    { frequency: 523.25, startsAt: 0 },
    { frequency: 659.25, startsAt: 0.16 },
    { frequency: 783.99, startsAt: 0.32 },
  ];
  const harmonics = [
    { multiple: 1, amplitude: 0.16, fadePerSecond: 5 },
    { multiple: 2, amplitude: 0.05, fadePerSecond: 9 },
    { multiple: 3, amplitude: 0.02, fadePerSecond: 14 },
  ];
  const samples = new Float32Array(frameCount * frameSamples);
  for (const { frequency, startsAt } of notes) {
    for (let index = Math.round(startsAt * sampleRate); index < samples.length; index += 1) {
      const seconds = index / sampleRate - startsAt;
      const attack = Math.min(1, seconds / 0.008);
      const ending = Math.min(1, (samples.length - index) / (0.1 * sampleRate));
      let sum = 0;
      for (const { multiple, amplitude, fadePerSecond } of harmonics) {
        sum +=
          amplitude *
          Math.exp(-fadePerSecond * seconds) *
          Math.sin(2 * Math.PI * frequency * multiple * seconds);
      }
      samples[index] = (samples[index] ?? 0) + sum * attack * ending;
    }
  }
  const frames: string[] = [];
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push(btoa(String.fromCharCode(...bytes)));
    },
    error: (error) => {
      throw error;
    },
  });
  encoder.configure({
    codec: 'opus',
    sampleRate,
    numberOfChannels: 1,
    bitrate: 40_000,
    opus: { format: 'opus', frameDuration: 20_000 },
  });
  encoder.encode(
    new AudioData({
      format: 'f32',
      sampleRate,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: 0,
      data: samples,
    }),
  );
  await encoder.flush();
  return frames;
}

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage();
  // WebCodecs wants a secure context, and about:blank is none.
  await page.route('http://localhost/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  await page.goto('http://localhost/');
  const frames = await page.evaluate(encodeChime);
  process.stdout.write(`${JSON.stringify({ frameMs: 20, frames }, null, 2)}\n`);
} finally {
  await browser.close();
}
