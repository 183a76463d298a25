import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/provisioning.json";

catalogue("provisioning", messages);

export { ProvisioningPage } from "./ProvisioningPage";
