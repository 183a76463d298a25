import { useCallback, useState } from "react";
import { askPasskey } from "../ui/passkey";
import { ChallengePasskeyDocument } from "./customer/graphql";
import { useAction } from "./useAction";

/** A passkey's answer, as the API takes it. */
export interface PasskeyAnswer {
  token: string;
  credential: object;
}

/** Asks for a passkey of the viewer, or of whoever's log-in waits under a token. */
export function usePasskey() {
  const challenge = useAction(ChallengePasskeyDocument);
  const [cancelled, setCancelled] = useState(false);
  const { run } = challenge;
  const ask = useCallback(
    async (logInToken?: string): Promise<PasskeyAnswer | null> => {
      setCancelled(false);
      const given = await run({ logInToken: logInToken ?? null });
      if (!given.ok || !given.payload.token) return null;
      const credential = await askPasskey(given.payload.options);
      if (!credential) {
        setCancelled(true);
        return null;
      }
      return { token: given.payload.token, credential };
    },
    [run],
  );
  return { ask, challenge, cancelled };
}
