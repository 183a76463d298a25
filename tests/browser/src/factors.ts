/** What a person has in their pocket: an authenticator app, and a device that keeps passkeys. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import jsqr from "jsqr";
import type { CDPSession, Locator, Page } from "playwright-core";
import { PNG } from "pngjs";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an app with this key shows, so many steps from now (RFC 6238). */
export function code(key: string, steps = 0): string {
  const bits = [...key].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", seed).update(step).digest();
  const number = tag.readUInt32BE((tag.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** What a phone's camera reads from a picture on the screen. */
export async function scanned(picture: Locator): Promise<URL> {
  const { data, width, height } = PNG.sync.read(await picture.screenshot());
  // The package is CommonJS, and its types say that it is not.
  const read = jsqr as unknown as typeof jsqr.default;
  const found = read(new Uint8ClampedArray(data), width, height);
  assert.ok(found, "no QR code can be read from the picture");
  return new URL(found.data);
}

/** Takes the recovery codes that are shown once. */
export async function takeCodes(page: Page): Promise<string[]> {
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Your recovery codes").waitFor();
  const codes = (await dialog.getByTestId("secret").textContent()) ?? "";
  assert.ok(
    await dialog.getByRole("button", { name: "Done" }).isDisabled(),
    "they can be clicked away unsaved",
  );
  await page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "Escape ends it");
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download" }).click();
  assert.equal((await download).suggestedFilename(), "tenantry-recovery-codes.txt");
  await dialog.getByLabel("I have saved it").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "hidden" });
  return codes.split(" ");
}

/** Chromium's virtual authenticator: a device with a screen lock that its owner always opens, until told otherwise. */
export class Device {
  readonly #cdp: CDPSession;
  readonly #id: string;

  private constructor(cdp: CDPSession, id: string) {
    this.#cdp = cdp;
    this.#id = id;
  }

  /** Gives a page one, with nothing in it. */
  static async of(page: Page): Promise<Device> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Device(cdp, authenticatorId);
  }

  /** Whether its owner's finger is the right one. */
  async opens(verified: boolean): Promise<void> {
    await this.#cdp.send("WebAuthn.setUserVerified", {
      authenticatorId: this.#id,
      isUserVerified: verified,
    });
  }

  async credentials() {
    const { credentials } = await this.#cdp.send("WebAuthn.getCredentials", { authenticatorId: this.#id });
    return credentials;
  }

  /** Makes its one passkey count from another number: as a copy of it does that was made before the last uses. */
  async countFrom(signCount: number): Promise<void> {
    const [credential] = await this.credentials();
    assert.ok(credential, "the device holds a passkey");
    const { credentialId } = credential;
    await this.#cdp.send("WebAuthn.removeCredential", { authenticatorId: this.#id, credentialId });
    await this.#cdp.send("WebAuthn.addCredential", {
      authenticatorId: this.#id,
      credential: { ...credential, signCount },
    });
  }
}

/** Options for `navigator.credentials.get` as the API gives them, as far as a test changes them. */
export interface Asked {
  challenge: string;
  rpId: string;
  allowCredentials?: { id: string; type: "public-key" }[];
}

/** Has the page's device answer a challenge: what a page does that is not the portal, or one that was tampered with. */
export function answered(page: Page, asked: Asked): Promise<object> {
  return page.evaluate(async ({ challenge, rpId, allowCredentials }) => {
    const bytes = (text: string) =>
      Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
    const allowed = (allowCredentials ?? []).map(({ id, type }) => ({ id: bytes(id), type }));
    const got = (await navigator.credentials.get({
      publicKey: {
        challenge: bytes(challenge),
        rpId,
        allowCredentials: allowed,
        userVerification: "required",
      },
    })) as PublicKeyCredential;
    return got.toJSON();
  }, asked);
}
