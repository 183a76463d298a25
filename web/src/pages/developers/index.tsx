import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/developers.json";

catalogue("developers", messages);

export { ApiKeys } from "./ApiKeys";
export { Changelog } from "./Changelog";
export { DevelopersShell } from "./DevelopersShell";
export { Examples } from "./Examples";
export { RateLimits } from "./RateLimits";
export { ServiceAccounts } from "./ServiceAccounts";
export { WebhookPage } from "./WebhookPage";
export { Webhooks } from "./Webhooks";
