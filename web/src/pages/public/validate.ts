import type { TFunction } from "i18next";
import { passwordFault } from "../../ui/NewPassword";

/** What these pages see by themselves; the server's word counts. */
export function checks(t: TFunction<"public">) {
  return {
    name: (value: string) => (value.trim() === "" ? t("fields.nameMissing") : null),
    email: (value: string) => {
      if (value.trim() === "") return t("fields.emailMissing");
      return /^\S+@\S+$/.test(value.trim()) ? null : t("fields.emailWrong");
    },
    newPassword: (value: string) => {
      const fault = passwordFault(value);
      return fault ? t(`password:${fault}`) : null;
    },
  };
}
