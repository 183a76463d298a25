/**
 * Ends the session here, and says where the browser has to go to end it at the identity provider that it came by. `null`
 * where there is none, or it could not be asked: the portal's own way to log out remains.
 */
export async function logOutElsewhere(): Promise<string | null> {
  try {
    const response = await fetch("/oidc/log-out", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const { next } = (await response.json()) as { next?: string };
    return response.ok && next !== undefined && /^https?:/.test(next) ? next : null;
  } catch {
    return null;
  }
}
