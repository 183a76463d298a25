/** How members of an organisation come in. */
import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/security.json";

catalogue("security", messages);

export { SecurityPage } from "./SecurityPage";
