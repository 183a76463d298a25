import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/admin.json";

catalogue("admin", messages);

export { AdminApi, AdminShell } from "./AdminShell";
export { Fleet } from "./Fleet";
export { FleetInstance } from "./FleetInstance";
export { Jobs } from "./Jobs";
export { LostFactors } from "./LostFactors";
export { Mail } from "./Mail";
export { Overview } from "./Overview";
export { PlatformAudit } from "./PlatformAudit";
export { Regions } from "./Regions";
export { Support } from "./Support";
export { TenantPage } from "./TenantPage";
export { Tenants } from "./Tenants";
