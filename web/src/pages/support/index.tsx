import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/support.json";

catalogue("support", messages);

export { SupportPage } from "./SupportPage";
