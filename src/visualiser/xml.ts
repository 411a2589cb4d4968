const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Whatever XML 1.0 has no way to say: control characters and halves of pairs. */
const UNSAYABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

export function escapeXml(text: string): string {
  return text.replace(UNSAYABLE, '?').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element in XML, with its attributes escaped and `content` as it is; attributes without a value are left out. */
export function element(
  name: string,
  attributes: Attributes,
  content: string | readonly string[] = '',
): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${escapeXml(String(value))}"`,
  );
  const inside = typeof content === 'string' ? content : content.join('');
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`;
}

/** An element with elements or one text inside. */
export type XmlTree = {
  readonly name: string;
  readonly attributes: Attributes;
  readonly inside: readonly XmlTree[] | string;
};

/** XML with every element on a line of its own, two spaces deeper than the one around it. */
export function printXml({ name, attributes, inside }: XmlTree, indent = ''): string {
  if (inside.length === 0) return `${indent}${element(name, attributes)}\n`;
  if (typeof inside === 'string') return `${indent}${element(name, attributes, escapeXml(inside))}\n`;
  const children = inside.map((child) => printXml(child, `${indent}  `)).join('');
  return `${indent}${element(name, attributes, `\n${children}${indent}`)}\n`;
}
