/** Keys under which a write is done at most once, however often a lost answer makes us repeat it. */

function random(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Keeps one key for as long as the same thing is asked for; another input is another write. */
export function keyring() {
  let last: { of: string; key: string } | null = null;
  return (input: object): string => {
    const of = JSON.stringify(input);
    if (last?.of !== of) last = { of, key: random() };
    return last.key;
  };
}
