export { AuditPage } from "./AuditPage";
export { AuditSettingsPage } from "./AuditSettingsPage";
export { AuditShell } from "./AuditShell";
