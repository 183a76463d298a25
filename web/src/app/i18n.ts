/**
 * The message catalogues. English is bundled by page area (a namespace a file under `messages/en`); another language
 * is another folder with the same files.
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import common from "../messages/en/common.json";

export const language = "en";

/** How numbers, dates and names of places are written: as the catalogue is, in British English. */
export const locale = "en-GB";

void i18next.use(initReactI18next).init({
  lng: language,
  fallbackLng: language,
  defaultNS: "common",
  resources: { en: { common } },
  interpolation: { escapeValue: false },
  returnNull: false,
});

/** Adds a page area's catalogue; called by the module of the area, so that it is loaded with its code. */
export function catalogue(namespace: string, messages: object): void {
  i18next.addResourceBundle(language, namespace, messages, true, true);
}
