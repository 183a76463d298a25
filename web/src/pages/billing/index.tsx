import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/billing.json";

catalogue("billing", messages);

export { BillingPage } from "./BillingPage";
