/** Numbers, distances and shares as people of the district write them. */
import { say } from "../words/words";

const SIDES = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

/** Return a whole number with groups of digits. */
export function formatCount(value: number, lang: string): string {
  return new Intl.NumberFormat(lang).format(value);
}

/** Return a distance: metres below a kilometre, else kilometres with one digit. */
export function formatDistance(metres: number): string {
  if (metres < 999.5) return say("unit.m", { n: Math.round(metres) });
  return say("unit.km", { n: (metres / 1000).toFixed(1) });
}

/** Return a distance at a border: decimetres below ten metres. */
export function formatNear(metres: number): string {
  return metres < 10 ? say("unit.m", { n: metres.toFixed(1) }) : formatDistance(metres);
}

/** Return an area: square metres below ten thousand, else square kilometres. */
export function formatArea(squareMetres: number, lang: string): string {
  if (squareMetres < 10_000) return say("unit.m2", { n: formatCount(Math.round(squareMetres), lang) });
  return say("unit.km2", { n: (squareMetres / 1e6).toFixed(2) });
}

/** Return a share of 1 as per cent with one digit. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Return a rate as papers write it, of whole numbers and so exact: halves go up; a dash without a case. */
export function formatRate(numerator: number, denominator: number): string {
  if (denominator <= 0) return "—";
  const tenths = Math.floor((2000 * numerator + denominator) / (2 * denominator));
  return `${Math.floor(tenths / 10)}.${tenths % 10}%`;
}

/** Return by how many points of per cent a rate is above another, signed; nothing where one lacks. */
export function formatPoints(share: number | null, other: number | null): string {
  if (share === null || other === null) return "";
  const points = Math.round((share - other) * 1000) / 10;
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}

/** Return the side of eight of a bearing in degrees clockwise from north. */
export function sideOf(bearing: number): string {
  return SIDES[Math.round((((bearing % 360) + 360) % 360) / 45) % 8] ?? "n";
}

/** Return where a camera stands as seen from the place, of the bearing from the camera to it. */
export function formatSide(metres: number, bearing: number | null): string {
  if (metres < 1) return say("seeing.here");
  const distance = formatDistance(metres);
  if (bearing === null) return say("seeing.apart", { distance });
  return say("seeing.side_of", { distance, side: say(`side.${sideOf(bearing + 180)}`) });
}

/** Return the level of detail of a pixel density in the words of the list. */
export function detailOf(pxPerM: number | null): string {
  if (pxPerM === null) return "";
  if (pxPerM >= 250) return say("seeing.detail.detail");
  return say(pxPerM >= 80 ? "seeing.detail.action" : "seeing.detail.outline");
}

/** Return a code in groups of four to six digits, as people read it out; other codes as they are. */
export function groupCode(code: string): string {
  if (/^\d{20}$/.test(code)) return code.replace(/^(\d{6})(\d{4})(\d{4})(\d{6})$/, "$1 $2 $3 $4");
  if (/^\d{15}$/.test(code)) return code.replace(/^(\d{6})(\d{6})(\d{3})$/, "$1 $2 $3");
  if (/^\d{12}$/.test(code)) return code.replace(/^(\d{6})(\d{6})$/, "$1 $2");
  return code;
}
