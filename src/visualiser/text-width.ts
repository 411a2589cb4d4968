/**
 * Advance widths of Helvetica, in thousandths of the font size, for U+0020 to U+007E (Adobe's font metrics). Arial and
 * Liberation Sans have the same. No font is at hand where the drawing is made, and it must come out the same anywhere.
 */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/** For any other character: that of the widest letters. */
const OTHER_WIDTH = 1000;
/** Bold letters, and the wider fonts that some systems put in Helvetica's place, such as DejaVu Sans. */
const ALLOWANCE = 1.15;

/** How wide `text` is at most, in pixels. */
export function textWidth(text: string, fontSize: number): number {
  let thousandths = 0;
  for (const character of text) {
    thousandths += WIDTHS[(character.codePointAt(0) ?? 0) - 0x20] ?? OTHER_WIDTH;
  }
  return (thousandths / 1000) * fontSize * ALLOWANCE;
}

/** What is in brackets stays together, and a slash with the word after it. */
const BREAKS = /(?<!\/) (?![^(]*\))/;

/** Breaks `text` at spaces into lines of `maxWidth`; a single word may be wider. */
export function wrapText(text: string, fontSize: number, maxWidth: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(BREAKS)) {
    const line = lines.at(-1);
    const longer = line === undefined ? word : `${line} ${word}`;
    if (line === undefined || textWidth(longer, fontSize) > maxWidth) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
