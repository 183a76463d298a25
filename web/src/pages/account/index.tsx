/** A person's own settings. */
import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/account.json";

catalogue("account", messages);

export { Account } from "./Account";
export { AccountShell } from "./AccountShell";
export { SecurityPage } from "./SecurityPage";
export { SessionsPage } from "./SessionsPage";
