/**
 * The session's first answer. The built document asks for it at once, while the code is on its way (see `build.mjs`);
 * whoever asks first here gets that answer, and all later ones are asked anew.
 */
declare global {
  interface Window {
    tenantrySession?: Promise<Response>;
  }
}

function isSession(body: RequestInit["body"]): boolean {
  return typeof body === "string" && body.includes('"operationName":"Session"');
}

export const fetchOrEarly: typeof fetch = async (url, init) => {
  const early = typeof window === "undefined" ? undefined : window.tenantrySession;
  if (early && isSession(init?.body)) {
    window.tenantrySession = undefined;
    const response = await early.catch(() => null);
    if (response?.ok) return response;
  }
  return fetch(url, init);
};
