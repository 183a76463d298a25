/** Single sign-on: an organisation's domains and connections, and setting one up by a link. */
import { catalogue } from "../../app/i18n";
import signOn from "../../messages/en/sign-on.json";
import messages from "../../messages/en/sso.json";

catalogue("sso", messages);
catalogue("signOn", signOn);

export { ConnectionPage } from "./ConnectionPage";
export { SetupPage } from "./SetupPage";
export { SsoPage } from "./SsoPage";
