import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/audit.json";

catalogue("audit", messages);

export { AuditDrawer } from "./AuditDrawer";
export { AuditFilters, filterOf } from "./AuditFilters";
export { AuditTable } from "./AuditTable";
export type { AuditShown } from "./record";
