/** Passkeys of the browser (WebAuthn Level 3, section 5.1), between its own types and the JSON that the API speaks. */

interface Descriptor {
  id: string;
  type: PublicKeyCredentialType;
  transports?: AuthenticatorTransport[];
}

type Creation = Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
};
type Request = Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & {
  challenge: string;
  allowCredentials?: Descriptor[];
};

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const known = (list: Descriptor[] = []) => list.map((it) => ({ ...it, id: bytes(it.id) }));

/** Whether there can be passkeys here: the browser has them, and the page is reached by a name over a safe way. */
export function hasPasskeys(): boolean {
  const named = !/^[\d.]+$|^\[/.test(location.hostname);
  return named && window.isSecureContext && typeof window.PublicKeyCredential === "function";
}

/** Makes a passkey. Null: the person would not, or the device could not. */
export async function makePasskey(given: unknown): Promise<object | null> {
  // The API speaks of them as JSON; the server has made them as the specification says.
  const options = given as Creation;
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: known(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey }).catch(() => null);
  if (!(made instanceof PublicKeyCredential)) return null;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    extensions: {},
    response: {
      attestationObject: text(response.attestationObject),
      clientDataJSON: text(response.clientDataJSON),
      transports: response.getTransports(),
    },
  };
}

/** Asks for a passkey that exists. Null as for `makePasskey`. */
export async function askPasskey(given: unknown): Promise<object | null> {
  const options = given as Request;
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: known(options.allowCredentials),
  };
  const got = await navigator.credentials.get({ publicKey }).catch(() => null);
  if (!(got instanceof PublicKeyCredential)) return null;
  const response = got.response as AuthenticatorAssertionResponse;
  return {
    id: got.id,
    rawId: text(got.rawId),
    type: got.type,
    extensions: {},
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}
