/** Waits until something holds. Never a sleep: it is asked again and again, up to a generous deadline. */
export async function expect(what: string, holds: () => Promise<boolean>, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  let last: unknown = null;
  while (Date.now() < end) {
    try {
      if (await holds()) return;
      last = null;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${seconds} s: ${what}`, { cause: last });
}
