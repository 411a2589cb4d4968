import type { AiSession } from '../../machines/room.context.ts';
import type { OpenVoiceInput, RouteAudioInput } from '../../machines/room.setup.ts';
import { VoiceError, type Voice } from '../../src/voice/voice.ts';

/** An AI without a voice that comes when it is called, unless it is to refuse, and keeps an account of whom it heard. */
export class ScriptedVoice implements Voice {
  readonly invitations: OpenVoiceInput[] = [];
  /** Each routing that was asked for. */
  readonly heard: RouteAudioInput[] = [];
  refusesNext = false;

  open(input: OpenVoiceInput): Promise<AiSession> {
    this.invitations.push(input);
    if (this.refusesNext) {
      this.refusesNext = false;
      return Promise.reject(new VoiceError('refused'));
    }
    return Promise.resolve({ sessionId: 'ai', trackName: 'voice', callId: 'call' });
  }

  route(input: RouteAudioInput): Promise<void> {
    this.heard.push(input);
    return Promise.resolve();
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  disconnect(): void {}

  onEnded(): () => void {
    return () => {};
  }

  close(): void {}
}
