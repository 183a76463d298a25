import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/roles.json";

catalogue("roles", messages);

export { ExplainPage } from "./ExplainPage";
export { RolesPage } from "./RolesPage";
export { RolesShell } from "./RolesShell";
