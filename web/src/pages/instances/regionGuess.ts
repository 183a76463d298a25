/** Which region is likely the nearest, by the browser's time zone: a preselection that the person sees and changes. */

interface Place {
  code: string;
  hasRoom: boolean;
}

const CANADA =
  /^America\/(Toronto|Vancouver|Montreal|Edmonton|Winnipeg|Halifax|Regina|St_Johns|Moncton|Whitehorse)$/;

/** The beginnings of region codes, best first. */
function likely(zone: string, offsetHours: number): string[] {
  const continent = zone.split("/")[0] ?? "";
  if (CANADA.test(zone)) return ["ca", "us"];
  if (["America", "US"].includes(continent))
    return offsetHours <= -7 ? ["us-west", "us", "ca"] : ["us-east", "us", "ca"];
  if (["Europe", "Africa", "Atlantic", "Arctic"].includes(continent)) return ["eu", "us-east"];
  if (["Asia", "Indian"].includes(continent)) return ["ap", "eu"];
  if (["Australia", "Pacific", "Antarctica"].includes(continent)) return ["ap", "us-west"];
  // UTC, or a zone that tells nothing.
  return ["eu", "us"];
}

/** `offsetHours`: hours ahead of UTC. Undefined only where there is no region. */
export function guessRegion<R extends Place>(
  regions: readonly R[],
  zone: string,
  offsetHours: number,
): R | undefined {
  const open = regions.filter((region) => region.hasRoom);
  for (const start of likely(zone, offsetHours)) {
    const found = open.find((region) => region.code.startsWith(start));
    if (found) return found;
  }
  return open[0] ?? regions[0];
}

/** The guess for this browser. */
export function nearestRegion<R extends Place>(regions: readonly R[]): R | undefined {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  return guessRegion(regions, zone, -new Date().getTimezoneOffset() / 60);
}
