import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/usage.json";

catalogue("usage", messages);

export { UsagePage } from "./UsagePage";
