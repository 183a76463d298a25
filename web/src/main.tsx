import "./app/styles";
import "./app/i18n";
import { StrictMode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { RouterProvider } from "react-router/dom";
import { watchConnection } from "./api/connection";
import { Providers } from "./app/providers";
import { routes } from "./app/routes";

watchConnection();
const router = createBrowserRouter(routes);

/** When the first page's code is there: until then a prerendered page stays as it is. */
function mount() {
  const root = document.getElementById("root");
  if (!root) return;
  // A prerendered page is replaced by the same one: whoever goes through it by keyboard stays where they are.
  const reachable = () => [...root.querySelectorAll<HTMLElement>("a[href], button")];
  const place =
    document.activeElement instanceof HTMLElement ? reachable().indexOf(document.activeElement) : -1;
  flushSync(() =>
    createRoot(root).render(
      <StrictMode>
        <Providers>
          <RouterProvider router={router} />
        </Providers>
      </StrictMode>,
    ),
  );
  reachable()[place]?.focus({ preventScroll: true });
}

if (router.state.initialized) {
  mount();
} else {
  const stop = router.subscribe((state) => {
    if (!state.initialized) return;
    stop();
    // Not within the router's own step: a page that sends on at once would do it before the step is over, which then
    // forgets to write the address.
    queueMicrotask(mount);
  });
}
