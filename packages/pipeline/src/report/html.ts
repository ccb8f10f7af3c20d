// Text made safe inside HTML and SVG.

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters besides tab and line ends: an XML parser refuses them. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/gu;

/** Leaves out the control characters that XML forbids. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

/** Escapes text for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return withoutControls(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}
