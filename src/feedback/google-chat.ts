import { cleanLine, cleanText, escapeHtml, escapeWithin } from './card-text.ts';
import type { LinkCheck } from './links.ts';

type Button = { readonly text: string; readonly onClick: { readonly openLink: { readonly url: string } } };

type Widget =
  | { readonly textParagraph: { readonly text: string } }
  | { readonly buttonList: { readonly buttons: readonly Button[] } };

type Section = { readonly header: string; readonly widgets: readonly Widget[]; readonly collapsible: false };

type Header = {
  readonly title: string;
  readonly subtitle: string;
  readonly imageUrl: string;
  readonly imageType: 'CIRCLE';
  readonly imageAltText?: string;
};

/**
 * One entry of `cardsV2` in a message of Google Chat, in the original's layout, so that a space looks the same as
 * before: developers.google.com/workspace/chat/api/reference/rest/v1/cards
 */
export type Card = {
  readonly cardId: string;
  readonly card: { readonly header: Header; readonly sections: readonly Section[] };
};

/** Where and when a report was made. */
export type Occasion = {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The host of the request, as it stands there. */
  readonly host: string;
  /** The origin that stands for, if it is one. */
  readonly origin: string | undefined;
  readonly version: string;
};

export type BugReportInput = {
  /** The login's name. */
  readonly name: string;
  readonly description: string;
  readonly userAgent: string;
  /** As `parseRoomName` has passed it. */
  readonly roomName: string;
  readonly reportId: string;
};

export type DeadTrackInput = {
  /** The login's name. */
  readonly puller: string;
  readonly pusher: string;
  readonly trackId: string;
  readonly pullTrace: string;
  readonly pushTrace: string;
};

/** Google Chat refuses messages of more than 32,000 bytes; the rest is for what a batch puts around its cards. */
export const MAX_CARD_BYTES = 28_000;

const IMAGE_URL = 'https://developers.google.com/chat/images/quickstart-app-avatar.png';
const UNKNOWN = 'unknown';

const MAX_NAME_CHARACTERS = 100;
const MAX_LINE_CHARACTERS = 500;

const line = (raw: string, maxCharacters: number): string =>
  escapeHtml(cleanLine(raw, maxCharacters)) || UNKNOWN;
const nameLine = (raw: string): string => line(raw, MAX_NAME_CHARACTERS);
const textLine = (raw: string): string => line(raw, MAX_LINE_CHARACTERS);

const paragraph = (text: string): Widget => ({ textParagraph: { text } });
const button = (text: string, url: string): Button => ({ text, onClick: { openLink: { url } } });
const section = (header: string, ...widgets: Widget[]): Section => ({ header, widgets, collapsible: false });

const subtitle = ({ now, host, version }: Occasion): string =>
  `Time: ${new Date(now).toISOString()} Environment: ${textLine(host)} commit: ${nameLine(version)}`;

/** The card of `POST /api/bugReport`. */
export function bugReportCard(report: BugReportInput, occasion: Occasion): Card {
  const card = (description: readonly Section[]): Card => ({
    cardId: 'orange-meets-feedback-card',
    card: {
      header: {
        title: `Feedback from ${nameLine(report.name)}`,
        subtitle: subtitle(occasion),
        imageUrl: IMAGE_URL,
        imageType: 'CIRCLE',
        imageAltText: `Feedback from ${nameLine(report.name)}`,
      },
      sections: [
        ...description,
        section('User Agent', paragraph(textLine(report.userAgent))),
        section('Room', roomWidget(report.roomName, occasion)),
        section('Debug Info', debugWidget(report.reportId, occasion)),
      ],
    },
  });
  const text = cleanText(report.description);
  if (text === '') return card([]);
  const rest = cardBytes(card([section('Description', paragraph(''))]));
  return card([section('Description', paragraph(escapeWithin(text, MAX_CARD_BYTES - rest)))]);
}

const cardBytes = (card: Card): number => Buffer.byteLength(JSON.stringify(card));

/** Never the URL that the client states: a link leads to this site or is none. */
function roomWidget(roomName: string, { origin }: Occasion): Widget {
  const text = textLine(roomName);
  if (origin === undefined) return paragraph(text);
  return { buttonList: { buttons: [button(text, `${origin}/${encodeURIComponent(roomName)}`)] } };
}

function debugWidget(reportId: string, { origin }: Occasion): Widget {
  const path = `/api/debugInfo?id=${encodeURIComponent(reportId)}`;
  return origin === undefined
    ? paragraph(path)
    : { buttonList: { buttons: [button('View JSON', `${origin}${path}`)] } };
}

/** The card of `POST /api/deadTrack`. */
export function deadTrackCard(track: DeadTrackInput, occasion: Occasion, traceLink: LinkCheck): Card {
  const puller = nameLine(track.puller);
  const pusher = nameLine(track.pusher);
  const traces = [
    { title: `${puller}'s pull trace`, link: track.pullTrace },
    { title: `${pusher}'s push trace`, link: track.pushTrace },
  ];
  return {
    cardId: 'orange-meets-dead-track-card',
    card: {
      header: {
        title: `💀 Dead track: ${puller} had issue pulling from ${pusher}`,
        subtitle: subtitle(occasion),
        imageUrl: IMAGE_URL,
        imageType: 'CIRCLE',
      },
      sections: [section('Track ID', paragraph(textLine(track.trackId))), ...traceSection(traces, traceLink)],
    },
  };
}

type Trace = { readonly title: string; readonly link: string };

function traceSection(traces: readonly Trace[], traceLink: LinkCheck): readonly Section[] {
  const buttons: Button[] = [];
  const texts: Widget[] = [];
  for (const { title, link } of traces) {
    const url = traceLink(link);
    if (url !== undefined) buttons.push(button(title, url));
    else if (cleanText(link) !== '') texts.push(paragraph(`${title}: ${textLine(link)}`));
  }
  const widgets = [...(buttons.length > 0 ? [{ buttonList: { buttons } }] : []), ...texts];
  return widgets.length > 0 ? [section('Trace links', ...widgets)] : [];
}
