import { Alert } from "@mantine/core";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, ScrollRestoration, useLocation, useRouteError } from "react-router";
import { online } from "../api/signals";
import { FaultPanel } from "../ui/FaultPanel";
import { ProveHere } from "./ProveHere";

/** Around every page: the skip link, the notice of a lost connection, and the focus after a change of page. */
export function Root() {
  const { t } = useTranslation();
  const connected = useSyncExternalStore(online.subscribe, online.get, online.get);
  const { pathname } = useLocation();
  const first = useRef(true);
  // A screen reader and the keyboard start at the new page's head, as after a full load.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    void pathname;
    const frame = requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus());
    return () => cancelAnimationFrame(frame);
  }, [pathname]);
  return (
    <>
      <a className="skip-link" href="#main">
        {t("skipToContent")}
      </a>
      <Outlet />
      {connected ? null : (
        <Alert className="offline" color="yellow" radius={0} role="status" title={t("offline.title")}>
          {t("offline.text")}
        </Alert>
      )}
      <ProveHere />
      <ScrollRestoration />
    </>
  );
}

/** What is shown when a page's code fails or can't be loaded, as after an update of the product. */
export function RouteFault() {
  const { t } = useTranslation();
  const error = useRouteError();
  const message = error instanceof Error ? error.message : t("fault.page");
  return (
    <main id="main">
      <FaultPanel
        fault={{ code: "PAGE", message: t("fault.page"), remedy: t("fault.pageRemedy"), requestId: null }}
        detail={message}
        retry={() => location.reload()}
      />
    </main>
  );
}
