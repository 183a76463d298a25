/**
 * The front page as text, made at build time: it is there with the first answer, and its code is loaded only when
 * somebody begins to use it (see `landing-boot.ts`).
 */
import "./app/i18n";
import { print } from "graphql";
import { renderToString } from "react-dom/server";
import { createStaticHandler, createStaticRouter, StaticRouterProvider } from "react-router";
import { formatDocument } from "urql";
import { SessionDocument } from "./api/customer/graphql";
import { Providers } from "./app/providers";
import { routes } from "./app/routes";

export async function landing(): Promise<string> {
  const handler = createStaticHandler(routes);
  const context = await handler.query(new Request("http://localhost/"));
  if (context instanceof Response) throw new Error("the front page answers with a redirect");
  const router = createStaticRouter(handler.dataRoutes, context);
  return renderToString(
    <Providers>
      <StaticRouterProvider router={router} context={context} hydrate={false} />
    </Providers>,
  );
}

/** What asks who is logged in: the document sends it before the code that needs the answer is there. */
export const session = JSON.stringify({
  operationName: "Session",
  query: print(formatDocument(SessionDocument)),
  variables: {},
});
