// The style sheet of every report page: dark text on white, two columns on a wide screen, one on a phone, whole on paper.
import { COLOURS, FONT, VERDICT_STYLE } from './theme.ts';

const tone = (name: string, colour: string, ground: string) => `
.tile.${name} { border-left-color: ${colour}; }
.headline.${name} { border-color: ${colour}; background: ${ground}; }
.badge.${name} { color: ${colour}; background: ${ground}; }
.gallery .${name} img { border-color: ${colour}; }`;

export const PAGE_STYLE = `
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: ${COLOURS.text}; font: 15px/1.5 ${FONT}; }
main { max-width: 1240px; margin: 0 auto; padding: 36px 24px 48px; }
h1 { font-size: 27px; line-height: 1.2; font-weight: 650; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 19px; font-weight: 650; margin: 44px 0 12px; padding-bottom: 6px; border-bottom: 1px solid ${COLOURS.line}; }
p { margin: 0 0 14px; max-width: 78ch; }
.subtitle { color: ${COLOURS.muted}; margin: 0; max-width: none; }
.headline { font-size: 18px; font-weight: 600; margin: 20px 0 0; padding: 12px 16px; border-left: 5px solid ${COLOURS.line}; border-radius: 4px; max-width: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 24px 0; }
.tile { border: 1px solid ${COLOURS.grid}; border-left: 4px solid ${COLOURS.line}; border-radius: 4px; padding: 12px 14px; display: flex; flex-direction: column; }
.tile .value { white-space: nowrap; }
.tile .label { color: ${COLOURS.muted}; font-size: 13px; }
.tile .value { font-size: 27px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.tile .note { color: ${COLOURS.muted}; font-size: 12.5px; line-height: 1.35; }
.measured { background: #f6f8fa; border: 1px solid ${COLOURS.line}; border-radius: 6px; padding: 16px 20px 12px; }
.measured h2 { margin: 0 0 10px; border: 0; padding: 0; font-size: 17px; }
.measured dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 0; }
.measured dt { font-weight: 600; }
.measured dd { margin: 0 0 4px; max-width: 100ch; }
.measured dd.warn { border-left: 4px solid ${COLOURS.low}; padding-left: 10px; }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin: 0 0 16px; }
.figures figure { margin: 0; border: 1px solid ${COLOURS.grid}; border-radius: 4px; overflow: hidden; break-inside: avoid; }
.figures .wide { grid-column: 1 / -1; }
.figures figure:not(.wide):last-child:nth-child(odd) { grid-column: 1 / -1; justify-self: center; width: calc(50% - 8px); }
.figures svg { display: block; width: 100%; height: auto; }
.figures figcaption { padding: 0 16px 12px; color: ${COLOURS.muted}; font-size: 13.5px; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 14px 10px; }
.gallery figure { margin: 0; break-inside: avoid; }
.gallery img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; background: #10161c; border: 3px solid ${COLOURS.line}; border-radius: 4px; }
.gallery figcaption { font-size: 12px; line-height: 1.3; color: ${COLOURS.muted}; margin-top: 4px; overflow-wrap: anywhere; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 18px; }
.pairs > figure { margin: 0; padding: 10px; border: 1px solid ${COLOURS.grid}; border-radius: 4px; break-inside: avoid; }
.pairs .gallery { grid-template-columns: 1fr 1fr; }
.pairs > figure > figcaption { margin-top: 8px; font-size: 13px; }
.scroll { overflow-x: auto; margin: 0 0 16px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: ${COLOURS.muted}; border-bottom: 1.5px solid ${COLOURS.line}; }
th, td { padding: 6px 14px 6px 4px; vertical-align: top; }
td { border-bottom: 1px solid ${COLOURS.grid}; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { display: inline-block; padding: 0 8px; border-radius: 9px; font-weight: 600; font-size: 13px; white-space: nowrap; }
summary { cursor: pointer; font-weight: 600; margin: 0 0 10px; }
footer { margin-top: 44px; padding-top: 12px; border-top: 1px solid ${COLOURS.line}; color: ${COLOURS.muted}; font-size: 13px; overflow-wrap: anywhere; }
${tone('high', VERDICT_STYLE.high.colour, '#e8f2f9')}
${tone('low', VERDICT_STYLE.low.colour, '#fdeee4')}
${tone('unclear', '#8a6508', '#fbf3dd')}
${tone('muted', COLOURS.muted, '#eef1f4')}
@media (max-width: 760px) {
  main { padding: 20px 14px; }
  .figures, .measured dl { grid-template-columns: minmax(0, 1fr); }
  .measured dd { margin-bottom: 10px; }
  .figures figure { overflow-x: auto; }
  .figures .wide svg { min-width: 720px; }
  .figures figure:not(.wide):last-child:nth-child(odd) { width: auto; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  tr, .tile, .measured { break-inside: avoid; }
  details > summary { list-style: none; }
  details:not([open])::details-content { content-visibility: visible; block-size: auto; }
}
`;
