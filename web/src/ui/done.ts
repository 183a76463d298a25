import { notifications } from "@mantine/notifications";
import { t } from "i18next";

/** Says that something was done, in passing. What needs an answer is never said here. */
export function done(message: string): void {
  notifications.show({ message, color: "green", closeButtonProps: { "aria-label": t("common:close") } });
}
