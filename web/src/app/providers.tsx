import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { setNonce } from "get-nonce";
import { type ReactNode, useMemo } from "react";
import { Provider as ApiProvider } from "urql";
import { customerClient } from "../api/client";
import { nonce } from "./nonce";
import { SessionProvider, useSession } from "./session";
import { theme, variables } from "./theme";

// For the library that locks scrolling behind dialogs: it makes a style element of its own.
setNonce(nonce());

export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={nonce}
    >
      <Notifications position="bottom-right" />
      <ApiProvider value={anonymous}>
        <SessionProvider>
          <ApiOfViewer>{children}</ApiOfViewer>
        </SessionProvider>
      </ApiProvider>
    </MantineProvider>
  );
}

const anonymous = customerClient();

/** A client, and so a cache, a person: nothing of one is ever shown to another. */
function ApiOfViewer({ children }: { children: ReactNode }) {
  const { viewer } = useSession();
  const id = viewer?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new person needs a new cache
  const client = useMemo(() => customerClient(), [id]);
  return <ApiProvider value={client}>{children}</ApiProvider>;
}
